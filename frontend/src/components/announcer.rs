//! Tells screen readers what happened, from two places outside the log that are always there.
//!
//! The log itself is no live region: readers would speak old messages whenever a page of history or another room
//! comes in.

use leptos::prelude::*;

use crate::state::Chat;

/// The two places. They stand in the page from the start, empty.
#[component]
pub fn Announcer() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (polite, alarm) = (chat.announcement(), chat.alarm());
    view! {
        <p class="vh" id="announcer" role="status">{move || polite.get()}</p>
        <p class="vh" id="alarm" role="alert">{move || alarm.get()}</p>
    }
}
