//! Keys of the whole page: F6 moves between regions, and a letter typed outside a field goes to the composer.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::layout::LayoutContext;

/// The regions in the order of the document, each with the element that takes the focus.
const REGIONS: [(&str, &str); 5] = [
    (".log", ".msg[tabindex='0'], .info button, .log"),
    (".composer", "textarea"),
    (".side", "button, a[href]"),
    (".rooms", "a[aria-current], a[href], button"),
    (".bar", "a[href], button"),
];

/// Elements that take letters themselves or must keep the focus.
const TAKES_LETTERS: &str = "input, textarea, select, [contenteditable], dialog, [popover]";

/// Listens for as long as the caller lives.
pub fn listen(layout: LayoutContext) {
    let keys = window_event_listener(ev::keydown, move |event| {
        if event.key() == "F6" {
            event.prevent_default();
            around(event.shift_key());
        } else if !layout.has_overlay() && for_composer(&event) {
            focus_composer();
        }
    });
    on_cleanup(move || keys.remove());
}

/// Puts the cursor into the composer, if a room is open.
pub fn focus_composer() {
    focus(document().query_selector(".composer textarea").ok().flatten());
}

/// Whether the pointer is a finger. Then no field is focused unasked, because that opens the keyboard.
pub fn touch() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}

/// Whether a key press belongs to the composer. The composer gets the focus first, so that the letter lands there.
fn for_composer(event: &KeyboardEvent) -> bool {
    let paste = (event.ctrl_key() || event.meta_key()) && event.key() == "v";
    let mut key = event.key().chars().collect::<Vec<_>>().into_iter();
    let letter = matches!((key.next(), key.next()), (Some(only), None) if only.is_ascii_alphanumeric() || !only.is_ascii())
        && !event.ctrl_key()
        && !event.meta_key()
        && !event.alt_key();
    let elsewhere =
        document().active_element().is_some_and(|at| at.closest(TAKES_LETTERS).ok().flatten().is_some());
    (letter || paste) && !event.is_composing() && !elsewhere
}

fn around(back: bool) {
    let found = |selector: &str| document().query_selector(selector).ok().flatten();
    let seen = |region: &&(&str, &str)| found(region.0).is_some_and(|region| region.client_height() > 0);
    let regions: Vec<_> = REGIONS.iter().filter(seen).collect();
    if regions.is_empty() {
        return;
    }
    let active = document().active_element();
    let at = regions.iter().position(|(region, _)| {
        active.as_ref().is_some_and(|active| active.closest(region).ok().flatten().is_some())
    });
    let next = match (at, back) {
        (None, false) => 0,
        (None, true) => regions.len() - 1,
        (Some(at), false) => (at + 1) % regions.len(),
        (Some(at), true) => (at + regions.len() - 1) % regions.len(),
    };
    let (region, target) = regions[next];
    focus(found(region).and_then(|region| region.query_selector(target).ok().flatten().or(Some(region))));
}

fn focus(element: Option<Element>) {
    // An element that cannot take the focus leaves it where it is.
    drop(element.and_then(|element| element.dyn_into::<HtmlElement>().ok()).map(|element| element.focus()));
}
