//! The root of the view.

use leptos::prelude::*;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {}
