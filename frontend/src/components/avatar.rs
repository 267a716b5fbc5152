//! An avatar: a circle with one square corner, in the hue of the person. Hidden from screen readers, since a name
//! always stands beside it.

use leptos::prelude::*;

use crate::people;

/// How large an avatar is, and how many initials it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// In the log and on the first visit: two initials.
    Log,
    /// In the list of people.
    Medium,
    /// In the header and the footer.
    Small,
}

/// An avatar of a hue (`"0"` to `"11"`, `"me"`, `"none"`). `presence` is `"here"`, `"away"`, `"unsure"` or nothing.
pub fn avatar(size: Size, hue: &str, name: &str, presence: Option<&'static str>) -> impl IntoView + use<> {
    let (class, most) = match size {
        Size::Log => ("avatar", 2),
        Size::Medium => ("avatar m", 1),
        Size::Small => ("avatar s", 1),
    };
    let letters = if hue == "none" { String::new() } else { people::initials(name, most) };
    view! { <span class=class data-hue=hue.to_owned() data-presence=presence aria-hidden="true">{letters}</span> }
}
