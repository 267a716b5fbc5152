//! Figures about the connection and the open room, for people who want to know.

use leptos::{html, prelude::*};

use super::{format, layout::LayoutContext};

use crate::{
    net::machine::Status,
    state::{Chat, Link},
};

/// The button that opens the popover: the round trip, or the state of the connection in a word.
#[component]
pub fn ConnectionStatus() -> impl IntoView {
    let link = expect_context::<Chat>().link();
    let is_live = move || link.with(|link| link.status == Status::Live);
    view! {
        <button class="btn small note pulse" class:off=move || !is_live() type="button" popovertarget="diagnostics">
            {move || is_live().then(|| view! { <span class="vh">"Connected, round trip "</span> })}
            {move || link.with(short)}
        </button>
    }
}

/// The popover itself.
#[component]
pub fn Diagnostics() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (link, waiting, current) = (chat.link(), chat.waiting(), chat.current());
    let popover = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    expect_context::<LayoutContext>().count_overlay(open);
    let toggled = move |_| {
        let is_open =
            popover.get_untracked().is_some_and(|popover| popover.matches(":popover-open") == Ok(true));
        open.set(is_open);
    };
    let here =
        move || current.with(|room| room.as_ref().map(|room| (room.here.get(), room.rows.with(Vec::len))));
    view! {
        <div class="diagnostics float" id="diagnostics" popover node_ref=popover on:toggle=toggled role="dialog" aria-label="Connection details">
            <h2>"Connection details"</h2>
            <dl>
                <dt>"Connection"</dt>
                <dd>{move || link.with(|link| state(link.status).to_owned())}</dd>
                <dt>"Round trip"</dt>
                <dd>{move || link.with(|link| link.round_trip_ms.map_or_else(|| "–".into(), |ms| format!("{ms} ms")))}</dd>
                <dt>"Your node"</dt>
                <dd>{move || link.with(|link| link.node.clone().unwrap_or_else(|| "–".into()))}</dd>
                <dt>"Node is ready"</dt>
                <dd>{move || link.with(|link| if link.ready { "Yes".to_owned() } else { "No".to_owned() })}</dd>
                <dt>"In this room"</dt>
                <dd>{move || here().map(|(here, _)| format::people(here)).unwrap_or_default()}</dd>
                <dt>"Rows in view"</dt>
                <dd>{move || here().map(|(_, rows)| rows.to_string()).unwrap_or_default()}</dd>
                <dt>"Waiting to send"</dt>
                <dd>{move || waiting.get().to_string()}</dd>
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
