//! Pictures from the sprite that stands in the page, and the mark.

use leptos::prelude::*;

/// A picture of the sprite: `icon("clock", "i s")`. Never read out; a word stands beside it or labels its button.
pub fn icon(name: &str, class: &'static str) -> impl IntoView + use<> {
    view! { <svg class=class aria-hidden="true"><use_ href=format!("#i-{name}")></use_></svg> }
}

/// The small size, which goes with text.
pub fn small(name: &str) -> impl IntoView + use<> {
    icon(name, "i s")
}

/// The mark with the name.
pub fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 154 32" role="img" aria-label="Hubbub"><use_ href="#i-logo"></use_></svg>
    }
}
