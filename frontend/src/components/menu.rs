//! A menu button. Arrows move in the menu, Escape and a click elsewhere close it, and the focus goes back.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{FocusEvent, HtmlElement, KeyboardEvent, MouseEvent};

use super::{icon::small, layout::LayoutContext};

/// A button that opens a menu over or under it.
#[component]
pub fn Menu(
    /// The class of the button.
    class: &'static str,
    /// The class of the element around both: `"holder"` opens downward, `"holder over grow"` upward.
    place: &'static str,
    /// The name of the menu, and of the button if it shows no words.
    label: &'static str,
    /// Whether the button shows words, which then name it.
    #[prop(optional)]
    worded: bool,
    /// What the button shows.
    button: ViewFn,
    /// Its items: [`Item`]s.
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    expect_context::<LayoutContext>().count_overlay(open);
    let opener = NodeRef::<html::Button>::new();
    let menu = NodeRef::<html::Div>::new();
    let back = move || drop(opener.get_untracked().map(|opener| opener.focus()));
    Effect::new(move |_| {
        if let Some(menu) = menu.get() {
            focus(items(&menu).first());
        }
    });
    let key = move |event: KeyboardEvent| {
        let Some(menu) = menu.get_untracked() else { return };
        let items = items(&menu);
        let at = items
            .iter()
            .position(|item| document().active_element().is_some_and(|at| at.is_same_node(Some(item))));
        match (event.key().as_str(), at) {
            ("Escape", _) => {
                event.stop_propagation();
                open.set(false);
                back();
            }
            ("ArrowDown", Some(at)) => focus(items.get((at + 1) % items.len())),
            ("ArrowUp", Some(at)) => focus(items.get((at + items.len() - 1) % items.len())),
            ("Home", _) => focus(items.first()),
            ("End", _) => focus(items.last()),
            _ => return,
        }
        event.prevent_default();
    };
    let leave = move |event: FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        let stays = menu.get_untracked().is_some_and(|menu| menu.contains(to.as_ref()));
        let opens = opener.get_untracked().is_some_and(|opener| opener.contains(to.as_ref()));
        if !stays && !opens {
            open.set(false);
        }
    };
    // What the chosen item opens takes the focus from the button.
    let chosen = move |event: MouseEvent| {
        let keeps = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if keeps.is_some_and(|target| target.closest("[role='menuitem']").ok().flatten().is_some()) {
            open.set(false);
            back();
        }
    };
    view! {
        <div class=place>
            <button
                class=class
                type="button"
                aria-label=(!worded).then_some(label)
                aria-haspopup="menu"
                aria-expanded=move || open.get().to_string()
                node_ref=opener
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {button.run()}
            </button>
            {move || open.get().then(|| view! {
                <div
                    class="menu float"
                    role="menu"
                    tabindex="-1"
                    aria-label=label
                    node_ref=menu
                    on:keydown=key
                    on:focusout=leave
                    on:click=chosen
                >
                    {children()}
                </div>
            })}
        </div>
    }
}

/// An item of a menu. The menu closes when it is chosen.
#[component]
pub fn Item(
    /// The icon before the label.
    #[prop(into)]
    icon: String,
    /// What it does, starting with a verb.
    #[prop(into)]
    label: String,
    /// Whether it destroys something.
    #[prop(optional)]
    danger: bool,
    /// Called when it is chosen.
    choose: Callback<()>,
) -> impl IntoView {
    view! {
        <button class="item" class:danger=danger type="button" role="menuitem" on:click=move |_| choose.run(())>
            {small(&icon)}
            " "
            {label}
        </button>
    }
}

fn items(menu: &web_sys::Element) -> Vec<HtmlElement> {
    let Ok(found) = menu.query_selector_all("[role^='menuitem']") else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

fn focus(item: Option<&HtmlElement>) {
    drop(item.map(HtmlElement::focus));
}
