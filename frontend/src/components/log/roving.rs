//! Roving focus: the log is one tab stop. Arrows move between messages, Enter moves into a message, Escape leaves it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// The elements that arrows move between.
const STOPS: &str = ".msg, .info > button";

/// The elements inside a message that take the focus.
const INSIDE: &str = "a[href], button, summary";

/// Handles a key press in the log. The browser handles Page Up and Page Down.
pub(super) fn key(event: &KeyboardEvent, list: &Element) {
    let Some(at) = document().active_element() else { return };
    let Some(stop) = at.closest(STOPS).ok().flatten() else { return };
    let inside = at != stop;
    let (all, here) = if inside { (all(&stop, INSIDE), &at) } else { (stops(list), &stop) };
    let index = all.iter().position(|one| one.is_same_node(Some(here))).unwrap_or(0);
    let end = all.len().saturating_sub(1);
    let target = match (event.key().as_str(), inside) {
        ("ArrowUp", false) | ("ArrowLeft", true) => all.get(index.saturating_sub(1)),
        ("ArrowDown", false) | ("ArrowRight", true) => all.get((index + 1).min(end)),
        ("Home", _) => all.first(),
        ("End", _) => all.get(end),
        ("Enter", false) if stop.class_list().contains("msg") => {
            event.prevent_default();
            return focus(self::all(&stop, INSIDE).first());
        }
        ("Escape", true) => {
            event.prevent_default();
            // The page must not handle the same key press.
            event.stop_propagation();
            return focus(stop.dyn_into().ok().as_ref());
        }
        _ => return,
    };
    event.prevent_default();
    if !inside && let Some(target) = target {
        stop_at(list, target);
    }
    focus(target);
}

/// Makes one element the tab stop.
pub(super) fn stop_at(list: &Element, stop: &HtmlElement) {
    for other in stops(list).iter().filter(|other| other.tab_index() == 0) {
        other.set_tab_index(-1);
    }
    stop.set_tab_index(0);
}

/// The stop that has the focus. If it is removed, a neighbour takes the focus.
#[derive(Debug, Default)]
pub(super) struct Focus(Option<(HtmlElement, usize)>);

impl Focus {
    /// An element in the log got the focus.
    pub(super) fn came(&mut self, list: &Element, to: &Element) {
        let stop = to.closest(STOPS).ok().flatten().and_then(|stop| stop.dyn_into::<HtmlElement>().ok());
        self.0 = stop.map(|stop| {
            let index = stops(list).iter().position(|one| *one == stop).unwrap_or(0);
            (stop, index)
        });
    }

    /// The focus left the log. Browsers also report this when the focused element is removed, which does not count.
    pub(super) fn left(&mut self) {
        self.0 = self.0.take().filter(|(stop, _)| !stop.is_connected());
    }

    /// Rows came or went. Makes sure that exactly one stop is the tab stop, the newest if there is none. Returns the
    /// stop that must take the focus because the focused one was removed.
    pub(super) fn keep(&mut self, list: &Element) -> Option<HtmlElement> {
        let all = stops(list);
        if all.iter().filter(|stop| stop.tab_index() == 0).count() != 1
            && let Some(last) = all.last()
        {
            stop_at(list, last);
        }
        let (_, index) = self.0.take_if(|(stop, _)| !stop.is_connected())?;
        let nowhere = document().active_element().is_none_or(|at| at.local_name() == "body");
        let next = all.get(index).or(all.last()).filter(|_| nowhere)?;
        stop_at(list, next);
        Some(next.clone())
    }
}

fn stops(list: &Element) -> Vec<HtmlElement> {
    all(list, STOPS)
}

fn all(parent: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = parent.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

fn focus(element: Option<&HtmlElement>) {
    // An element that cannot take the focus leaves it where it is.
    drop(element.map(HtmlElement::focus));
}
