//! The delivery state of an own message, in words beside an icon.

use std::time::Duration;

use leptos::prelude::*;
use shared::{
    error::ErrorCode,
    text::{Body, Nonce},
};

use crate::{
    components::{copy::copy, icon::small, toast::Toasts},
    state::{Chat, timeline::rows::Delivery},
};

/// How long a message is on its way before the page says so.
pub(super) const SILENT: Duration = Duration::from_millis(400);

/// The line under a message that is not stored.
pub(super) fn state(chat: Chat, delivery: Delivery, nonce: &Nonce, body: &Body, id: String) -> AnyView {
    match delivery {
        Delivery::Stored => ().into_any(),
        Delivery::Sending => waiting("Sending", id).into_any(),
        Delivery::Queued => waiting("Queued", id).into_any(),
        Delivery::Failed(code) => stuck(chat, not_sent(code), true, nonce, body, id).into_any(),
        Delivery::Unsure => stuck(chat, "May have been sent".into(), false, nonce, body, id).into_any(),
    }
}

fn waiting(word: &'static str, id: String) -> impl IntoView {
    view! { <p class="state row meta" id=id>{small("clock")} " " {word}</p> }
}

/// A message that waits for a decision of the person.
fn stuck(
    chat: Chat,
    words: String,
    failed: bool,
    nonce: &Nonce,
    body: &Body,
    id: String,
) -> impl IntoView + use<> {
    let toasts = expect_context::<Toasts>();
    let (again, gone) = (nonce.clone(), nonce.clone());
    let text = body.as_str().to_owned();
    view! {
        <div class="state row meta">
            <strong class="row" class:danger=failed id=id>{small("alert")} " " {words}</strong>
            <button class="btn small" type="button" tabindex="-1" on:click=move |_| chat.retry(&again)>"Retry"</button>
            <button class="btn small" type="button" tabindex="-1" on:click=move |_| copy(text.clone(), toasts)>"Copy"</button>
            <button class="btn small" type="button" tabindex="-1" on:click=move |_| chat.delete(&gone)>"Delete"</button>
        </div>
    }
}

/// Why a message was not sent, if the person can do something about it.
fn not_sent(code: ErrorCode) -> String {
    let why = match code {
        ErrorCode::MessageTooLong => "too long",
        ErrorCode::RateLimited | ErrorCode::TooManyWaiting => "too many at once",
        ErrorCode::NotAllowed => "not allowed here",
        ErrorCode::StorageFull => "the server has no room left",
        ErrorCode::TooManyRooms => "you are in too many rooms",
        _ => return "Not sent".to_owned(),
    };
    format!("Not sent: {why}")
}
