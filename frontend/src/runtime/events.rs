//! Passes events of the window to the state and the connection: visibility, focus, network, history, unload.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::EventTarget;

use super::platform::Browser;
use crate::{browser::clock, net::machine::Input, state::Chat};

/// A page that comes back from the browser's page cache has lost its socket, however briefly it was away.
const LONG_AWAY: Input = Input::Visible(u64::MAX);

pub(super) fn attach(chat: Chat, browser: &Rc<Browser>) {
    let Some(window) = web_sys::window() else { return };
    let Some(document) = window.document() else { return };
    let feed = |input| {
        let browser = Rc::clone(browser);
        move || browser.feed(input)
    };
    listen(&window, "online", feed(Input::Online));
    listen(&window, "offline", feed(Input::Offline));
    listen(&window, "pageshow", feed(LONG_AWAY));
    listen(&window, "pagehide", move || chat.leaving());
    listen(&window, "popstate", move || chat.address_changed());
    listen(&window, "focus", move || chat.attention_changed());
    listen(&window, "blur", move || chat.attention_changed());

    if !window.navigator().on_line() {
        browser.feed(Input::Offline);
    }

    let browser = Rc::clone(browser);
    let hidden_at = Cell::new(None);
    listen(&document.clone(), "visibilitychange", move || {
        chat.attention_changed();
        let now = clock::steady_ms();
        if document.hidden() {
            // A phone may end a hidden page without another event.
            chat.leaving();
            hidden_at.set(Some(now));
        } else if let Some(since) = hidden_at.take() {
            browser.feed(Input::Visible(now.saturating_sub(since)));
        }
    });
}

/// Listens for as long as the page lives.
fn listen(target: &EventTarget, event: &str, react: impl Fn() + 'static) {
    let closure = Closure::<dyn Fn()>::new(react);
    if target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()).is_ok() {
        closure.forget();
    }
}
