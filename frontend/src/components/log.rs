//! The log of a room: its rows, and the scroll position of the reader.

mod body;
mod delivery;
mod follow;
mod geometry;
mod message;
pub mod pills;
mod roving;
mod row;
mod scroll_anchor;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, KeyboardEvent};

use self::{follow::Follow, pills::Pills};
use super::{
    avatar::{Size, avatar},
    copy::copy,
    icon::small,
    room_header::address,
    toast::Toasts,
};
use crate::{
    markup::visible,
    people::initials,
    route,
    state::{Chat, RoomHandle},
};

/// The log of one room, with the controls that float over it.
#[component]
pub fn Log(
    /// The room.
    room: RoomHandle,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let follow = Follow::new(chat, &room);
    let key = move |event: KeyboardEvent| {
        if let Some(list) = follow.list.get_untracked() {
            roving::key(&event, &list);
        }
    };
    let came = move |event: FocusEvent| {
        let to = event.target().and_then(|to| to.dyn_into::<Element>().ok());
        if let (Some(list), Some(to)) = (follow.list.get_untracked(), to) {
            follow.focus.update_value(|focus| focus.came(&list, &to));
        }
    };
    let left = move |_| follow.focus.update_value(roving::Focus::left);

    let name = visible(room.room().as_str());
    let (rows, loaded, older, loading) =
        (room.rows.clone(), room.loaded.clone(), room.has_older.clone(), room.loading_older.clone());
    let none = {
        let rows = rows.clone();
        Memo::new(move |_| rows.with(Vec::is_empty))
    };
    let empty = Memo::new(move |_| none.get() && loaded.get());
    let invited = room.clone();
    view! {
        <section
            class="log scroll"
            aria-label=format!("Messages in {name}")
            node_ref=follow.log
            on:scroll=move |_| follow.scrolled()
            on:keydown=key
            on:focusin=came
            on:focusout=left
        >
            <h2 class="vh">"Messages"</h2>
            <ol class="measure" hidden=move || none.get() node_ref=follow.list>
                {move || older.get().then(|| { let loading = loading.clone(); view! {
                    <li class="info">
                        <button class="btn icon note" type="button" tabindex="-1" on:click=move |_| chat.load_older()>
                            {move || if loading.get() { "Loading older messages…" } else { "Show older messages" }}
                        </button>
                    </li>
                }})}
                <For each=move || rows.get() key=|handle| handle.key children=move |handle| row::row(chat, &handle)/>
            </ol>
            {move || empty.get().then(|| invitation(&invited, chat))}
        </section>
        <Pills
            room=room
            at_end=follow.at_end
            since_above=follow.since_above
            to_since=Callback::new(move |()| follow.to_since())
        />
    }
}

fn invitation(room: &RoomHandle, chat: Chat) -> impl IntoView + use<> {
    let toasts = expect_context::<Toasts>();
    let link = address(&route::path(room.room()));
    let shown = link.split_once("://").map_or_else(|| link.clone(), |(_, rest)| rest.to_owned());
    let me =
        chat.me().with_untracked(|me| me.as_ref().map(|me| me.name.as_str().to_owned()).unwrap_or_default());
    view! {
        <div class="empty">
            <span class="avatar-stack" aria-hidden="true">{avatar(Size::Log, "me", &initials(&me, 1), None)} {avatar(Size::Log, "none", "", None)}</span>
            <h2>"It’s quiet in here"</h2>
            <p class="note">"No messages yet. Send the first one, or share the address:"</p>
            <p class="row">
                <code>{shown}</code>
                <button class="btn small" type="button" on:click=move |_| copy(link.clone(), toasts)>
                    {small("copy")}
                    " Copy"
                </button>
            </p>
        </div>
    }
}
