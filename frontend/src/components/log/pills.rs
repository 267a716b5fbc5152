//! The controls that float over the log: one leads to new messages above, one to new messages below.

use leptos::prelude::*;

use crate::{
    browser::clock,
    components::{format::number, icon::small},
    state::{
        Chat, RoomHandle,
        pill::{Pill, pill},
        timeline::rows::Row,
    },
};

/// "New since" leads up, "new messages" leads down.
#[component]
pub fn Pills(
    /// The room.
    room: RoomHandle,
    /// Whether the reader is at the end of the conversation.
    at_end: RwSignal<bool>,
    /// Whether the line above the first unread message is out of sight above.
    since_above: RwSignal<bool>,
    /// Goes to that line.
    to_since: Callback<()>,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (below, newer) = (room.below.clone(), room.has_newer.clone());
    let pill = Memo::new(move |_| pill(at_end.get(), below.get(), newer.get()));
    let rows = room.rows.clone();
    let since = Memo::new(move |_| {
        since_above
            .get()
            .then(|| {
                rows.with(|rows| {
                    rows.iter().find_map(|handle| {
                        handle.row.with(|row| if let Row::Since { at } = row { Some(*at) } else { None })
                    })
                })
            })
            .flatten()
    });
    view! {
        {move || since.get().map(|at| view! {
            <div class="float pill up row">
                <button class="btn" type="button" on:click=move |_| to_since.run(())>
                    {format!("New since {} · Jump", clock::short_time(at))}
                </button>
                <button class="btn icon" type="button" aria-label="Dismiss" on:click=move |_| chat.dismiss_since()>
                    {small("x")}
                </button>
            </div>
        })}
        {move || pill.get().map(|pill| view! {
            <button class="btn glow pill" type="button" on:click=move |_| chat.jump_to_newest()>
                {label(pill)} " " {small("down")}
            </button>
        })}
    }
}

fn label(pill: Pill) -> String {
    match pill {
        Pill::Newest => "Newest messages".to_owned(),
        Pill::New(1) => "1 new message".to_owned(),
        Pill::New(count) => format!("{} new messages", number(count)),
    }
}
