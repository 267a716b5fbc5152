//! Replaces the static shell of `index.html` and keeps what somebody typed into it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// What somebody typed while the program was loading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// In the field for the name.
    pub name: String,
    /// In the composer.
    pub draft: String,
}

/// Removes the shell and returns what was typed into it. Tests have no shell.
pub fn take_over() -> Typed {
    let document = document();
    let typed = Typed {
        name: value::<web_sys::HtmlInputElement>("shell-name", web_sys::HtmlInputElement::value),
        draft: value::<web_sys::HtmlTextAreaElement>("shell-draft", web_sys::HtmlTextAreaElement::value),
    };
    if let Some(shell) = document.get_element_by_id("shell") {
        shell.remove();
    }
    typed
}

fn value<T: JsCast>(id: &str, value: fn(&T) -> String) -> String {
    let field = document().get_element_by_id(id).and_then(|field| field.dyn_into::<T>().ok());
    field.as_ref().map(value).unwrap_or_default()
}
