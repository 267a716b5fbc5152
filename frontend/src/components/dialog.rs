//! A question on top of the page. The browser traps the focus and gives it back.

use leptos::{html, prelude::*};

use super::layout::LayoutContext;

/// A modal dialog that is shown while `open` holds true. Escape and its own buttons set it to false.
#[component]
pub fn Dialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// The id of its heading, which also names it.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// What it asks.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    expect_context::<LayoutContext>().count_overlay(open);
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog class="float" aria-labelledby=id node_ref=dialog on:close=move |_| open.set(false)>
            <h2 id=id>{title}</h2>
            // Made anew each time, so that fields start from what is true now.
            {move || open.get().then(&*children)}
        </dialog>
    }
}
