//! Under the hood: what the connection is doing, in numbers, for whoever wants to know.

use leptos::prelude::*;

use crate::{
    net::machine::Status,
    state::{Chat, Link},
};

/// The button in the footer that opens it: a green dot and the round trip, or what is wrong in a word.
#[component]
pub fn Pulse() -> impl IntoView {
    let link = expect_context::<Chat>().link();
    let live = move || link.with(|link| link.status == Status::Live);
    view! {
        <button class="btn small note pulse" class:off=move || !live() type="button" popovertarget="hood">
            {move || live().then(|| view! { <span class="vh">"Connected, round trip "</span> })}
            {move || link.with(short)}
        </button>
    }
}

/// The popover itself.
#[component]
pub fn Hood() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (link, waiting, current) = (chat.link(), chat.waiting(), chat.current());
    let here =
        move || current.with(|room| room.as_ref().map(|room| (room.here.get(), room.rows.with(Vec::len))));
    view! {
        <div class="hood float" id="hood" popover role="dialog" aria-label="Under the hood">
            <h2>"Under the hood"</h2>
            <dl>
                <dt>"Connection"</dt>
                <dd>{move || link.with(|link| state(link.status))}</dd>
                <dt>"Round trip"</dt>
                <dd>{move || link.with(|link| link.round_trip_ms.map_or_else(|| "–".into(), |ms| format!("{ms} ms")))}</dd>
                <dt>"Your node"</dt>
                <dd>{move || link.with(|link| link.node.clone().unwrap_or_else(|| "–".into()))}</dd>
                <dt>"Node is ready"</dt>
                <dd>{move || link.with(|link| if link.ready { "Yes" } else { "No" })}</dd>
                <dt>"In this room"</dt>
                <dd>{move || here().map(|(here, _)| super::people::count(here))}</dd>
                <dt>"Rows in view"</dt>
                <dd>{move || here().map(|(_, rows)| rows)}</dd>
                <dt>"Waiting to send"</dt>
                <dd>{move || waiting.get()}</dd>
            </dl>
        </div>
    }
}

fn short(link: &Link) -> String {
    match (link.status, link.round_trip_ms) {
        (Status::Live, Some(ms)) => format!("{ms} ms"),
        (status, _) => state(status).to_owned(),
    }
}

fn state(status: Status) -> &'static str {
    match status {
        Status::Idle | Status::Connecting => "Connecting…",
        Status::Live => "Connected",
        Status::Waiting { .. } => "Reconnecting…",
        Status::Offline => "Offline",
        Status::Ended { .. } => "Ended",
    }
}
