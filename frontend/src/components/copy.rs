//! Copies text to the clipboard.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::toast::Toasts;

/// Copies the text and shows a toast with the outcome.
pub fn copy(text: String, toasts: Toasts) {
    spawn_local(async move {
        let done = by_clipboard(&text).await || by_selection(&text);
        toasts.show(if done {
            "Copied"
        } else {
            "Your browser does not let this page copy. Select the text instead."
        });
    });
}

async fn by_clipboard(text: &str) -> bool {
    let navigator = window().navigator();
    // Browsers offer no clipboard on plain HTTP, except on localhost.
    let there =
        js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    there && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// The older way, which also works on plain HTTP.
fn by_selection(text: &str) -> bool {
    let document = document();
    let made = document.create_element("textarea").ok().and_then(|made| made.dyn_into().ok());
    let Some(field): Option<web_sys::HtmlTextAreaElement> = made else { return false };
    let before = document.active_element().and_then(|at| at.dyn_into::<web_sys::HtmlElement>().ok());
    field.set_class_name("vh");
    field.set_value(text);
    let shown = document.body().is_some_and(|body| body.append_child(&field).is_ok());
    field.select();
    let copied = document
        .dyn_ref::<web_sys::HtmlDocument>()
        .is_some_and(|document| document.exec_command("copy").unwrap_or(false));
    field.remove();
    // Give the focus back. If the element cannot take it, the page has it.
    drop(before.map(|before| before.focus()));
    shown && copied
}
