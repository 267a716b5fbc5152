//! Two live regions outside the log that tell screen readers what happened.
//!
//! The log itself is no live region: screen readers would read old messages whenever a page of history or another
//! room is loaded.

use leptos::prelude::*;

use crate::state::Chat;

/// The two regions. They exist from the start, empty: screen readers ignore regions that come with their text.
#[component]
pub fn Announcer() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (polite, alarm) = (chat.announcement(), chat.alarm());
    view! {
        <p class="vh" id="announcer" role="status">{move || polite.get()}</p>
        <p class="vh" id="alarm" role="alert">{move || alarm.get()}</p>
    }
}
