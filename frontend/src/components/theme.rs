//! The theme: light, dark, or that of the system. `start.js` applies the choice before the first paint.

use leptos::prelude::*;

/// The storage key of the choice; `start.js` reads it too.
const KEY: &str = "hubbub.theme";

const CHOICES: [(&str, &str); 3] = [("system", "As the system"), ("light", "Light"), ("dark", "Dark")];

/// The choices as items of a menu, which stays open.
#[component]
pub fn Theme() -> impl IntoView {
    let chosen = RwSignal::new(kept());
    let choose = move |choice: &'static str| {
        chosen.set(choice);
        keep(choice);
    };
    let item = move |(choice, label): (&'static str, &'static str)| {
        view! {
            <button
                class="item"
                type="button"
                role="menuitemradio"
                aria-checked=move || (chosen.get() == choice).to_string()
                on:click=move |_| choose(choice)
            >
                <span class="grow">{label}</span>
                <span class="meta" aria-hidden="true">{move || (chosen.get() == choice).then_some("✓")}</span>
            </button>
        }
    };
    view! {
        <div role="group" aria-label="Theme">
            <p class="group" aria-hidden="true">"Theme"</p>
            {CHOICES.map(item)}
        </div>
    }
}

fn kept() -> &'static str {
    let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    CHOICES
        .iter()
        .map(|(choice, _)| *choice)
        .find(|choice| kept.as_deref() == Some(*choice))
        .unwrap_or("system")
}

/// Applies a choice and saves it, if the browser lets the page save.
fn keep(choice: &str) {
    let (root, storage) = (document().document_element(), storage());
    if choice == "system" {
        drop(root.map(|root| root.remove_attribute("data-theme")));
        drop(storage.map(|storage| storage.remove_item(KEY)));
    } else {
        drop(root.map(|root| root.set_attribute("data-theme", choice)));
        drop(storage.map(|storage| storage.set_item(KEY, choice)));
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
