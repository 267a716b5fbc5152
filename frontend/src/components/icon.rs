//! Icons from the sprite in `index.html`, and the logo.

use leptos::prelude::*;

/// An icon of the sprite: `icon("clock", "i s")`. Hidden from screen readers: a word stands beside it or labels its
/// button.
pub fn icon(name: &str, class: &'static str) -> impl IntoView + use<> {
    view! { <svg class=class aria-hidden="true"><use_ href=format!("#i-{name}")></use_></svg> }
}

/// An icon in the size of text.
pub fn small(name: &str) -> impl IntoView + use<> {
    icon(name, "i s")
}

/// The logo.
pub fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 154 32" role="img" aria-label="Hubbub"><use_ href="#i-logo"></use_></svg>
    }
}
