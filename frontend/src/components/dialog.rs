//! A modal dialog. The browser traps the focus and gives it back.

use leptos::{html, prelude::*};

use super::layout::LayoutContext;

/// A dialog that is shown while `open` is true. Escape and its own buttons set `open` to false.
#[component]
pub fn Dialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// The id of its heading, which also names it.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// Its content.
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
            // Created each time it opens, so that fields start from the present state.
            {move || open.get().then(&*children)}
        </dialog>
    }
}
