//! What floats over the log: the way to what is new above, and the way to what is new below.

use leptos::prelude::*;

use crate::{
    components::{icon::small, live::part, rooms::number},
    state::{Chat, RoomHandle, timeline::rows::Row},
    time,
};

/// Two controls, never one: "new since" leads up, "new messages" leads down.
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
    let label = Memo::new(move |_| match (at_end.get(), below.get(), newer.get()) {
        (true, ..) | (false, 0, false) => None,
        (false, 0, true) => Some("Newest messages".to_owned()),
        (false, 1, _) => Some("1 new message".to_owned()),
        (false, count, _) => Some(format!("{} new messages", number(count))),
    });
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
        {part(move || since.get().map(|at| view! {
            <div class="float pill up row">
                <button class="btn" type="button" on:click=move |_| to_since.run(())>
                    {format!("New since {} · Jump", time::short(at))}
                </button>
                <button class="btn icon" type="button" aria-label="Dismiss" on:click=move |_| chat.dismiss_since()>
                    {small("x")}
                </button>
            </div>
        }))}
        {part(move || label.get().map(|label| view! {
            <button class="btn glow pill" type="button" on:click=move |_| chat.jump_to_newest()>
                {label} " " {small("down")}
            </button>
        }))}
    }
}
