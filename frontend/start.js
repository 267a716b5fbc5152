// Runs before the first paint: sets the theme, chooses the shell, and reports when the page cannot start.
// Written for browsers that are too old for the page itself.
(function () {
  'use strict';
  var html = document.documentElement;

  function stored(key) {
    try { return localStorage.getItem(key); } catch (refused) { return null; }
  }

  var theme = stored('hubbub.theme');
  if (theme === 'dark' || theme === 'light') html.setAttribute('data-theme', theme);
  if (!stored('hubbub.me')) html.setAttribute('data-visit', 'first');

  // Once true, the page has taken over and the shell is gone.
  function over() { return document.readyState !== 'loading' && !document.getElementById('shell'); }

  function show(what, why) {
    if (over()) return;
    var parts = document.querySelectorAll('#shell [data-shell]');
    for (var i = 0; i < parts.length; i++) {
      var part = parts[i], name = part.getAttribute('data-shell');
      if (name === 'why') part.textContent = why || '';
      else part.hidden = name !== what;
    }
  }

  var failed = false;
  function fail(why) {
    if (failed || over()) return;
    failed = true;
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', function () { show('failed', why); });
    else show('failed', why);
  }

  function reason() {
    if (navigator.onLine === false) return 'You’re offline. Reload when you’re back.';
    return 'A part of it did not arrive, or the browser refused to run it.';
  }

  var modern = typeof WebAssembly === 'object' && 'noModule' in document.createElement('script') &&
    window.CSS && CSS.supports('color', 'light-dark(red, blue)') && 'popover' in html;
  if (typeof WebAssembly !== 'object') fail('WebAssembly is switched off in this browser. Allow it for this address, then reload.');
  else if (!modern) fail('This browser is too old for it. Update it, or open this address in another one.');

  addEventListener('error', function (event) {
    var from = event.target;
    if (from === window || (from && (from.localName === 'script' || from.rel === 'modulepreload'))) fail(reason());
  }, true);
  addEventListener('unhandledrejection', function () { fail(reason()); });
  setTimeout(function () { if (!failed) show('slow'); }, 5000);
})();
