//! The list of joined rooms. Weight says unread, a number says how much.

use leptos::prelude::*;
use shared::text::Room;
use web_sys::{MouseEvent, SubmitEvent};

use super::{
    dialog::Dialog,
    icon::{icon, logo, small},
    live::{Element, Key, effect, list, live, part, text},
    person::PersonFooter,
    sign_in::sentence,
};
use crate::{
    markup::visible,
    route,
    state::{Chat, RoomHandle},
};

/// The column at the side; on a narrow screen it lies over the room.
#[component]
pub fn Rooms(
    /// A room was chosen: the list may go.
    chosen: Callback<()>,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let rooms = chat.rooms();
    let making = RwSignal::new(false);
    view! {
        <nav class="rooms" id="rooms" aria-label="Rooms">
            <header class="row">
                <a class="item" href="/" on:click=move |event| enter(&event, chat, route::room("/"), chosen)>
                    {logo()}
                </a>
            </header>
            <div class="scroll">
                <h2 class="group row">
                    <span class="grow">"Rooms"</span>
                    " "
                    <button
                        class="btn icon small"
                        type="button"
                        aria-label="New room"
                        aria-haspopup="dialog"
                        on:click=move |_| making.set(true)
                    >
                        {small("plus")}
                    </button>
                </h2>
                <ul>
                    {list(move || rooms.get().into_iter().map(|room| Element::new(Key::Room(room.room().clone()), move || item(chat, room, chosen).into_any())).collect())}
                </ul>
            </div>
            <PersonFooter/>
        </nav>
        <NewRoom open=making chosen=chosen/>
    }
}

fn item(chat: Chat, room: RoomHandle, chosen: Callback<()>) -> impl IntoView {
    let name = room.room().clone();
    let shown = visible(name.as_str());
    let (unread, draft) = (room.unread.clone(), room.draft.clone());
    let current = Memo::new(move |_| chat.current().with(|current| current.as_ref() == Some(&room)));
    let count = {
        let unread = unread.clone();
        move || match unread.get() {
            0 => None,
            count => Some(view! { <span class="n">{number(count)} <span class="vh">" unread"</span></span> }),
        }
    };
    let drafted = move || {
        let drafted = !current.get() && draft.with(|draft| !draft.trim().is_empty());
        drafted.then(|| view! { <em class="meta">"Draft"</em> })
    };
    view! {
        <li>
            <a
                class="item room"
                class:unread=live(move || unread.with(|unread| *unread > 0))
                href=route::path(&name)
                aria-current=live(move || current.get().then_some("page"))
                on:click=move |event| enter(&event, chat, Some(name.clone()), chosen)
            >
                {icon("hash", "i")}
                <bdi class="grow cut">{shown}</bdi>
                {part(drafted)}
                {part(count)}
            </a>
        </li>
    }
}

/// Opens a room in place, unless the browser was asked for a new tab or window.
fn enter(event: &MouseEvent, chat: Chat, room: Option<Room>, chosen: Callback<()>) {
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return;
    }
    event.prevent_default();
    if let Some(room) = room {
        chat.open_room(&room);
        chosen.run(());
    }
}

/// Numbers of three digits say no more than "many".
pub fn number(count: usize) -> String {
    if count > 99 { "99+".to_owned() } else { count.to_string() }
}

#[component]
fn NewRoom(open: RwSignal<bool>, chosen: Callback<()>) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let name = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    effect(move || {
        if open.get() {
            name.set(String::new());
            wrong.set(None);
        }
    });
    let make = move |event: SubmitEvent| {
        event.prevent_default();
        match Room::parse(name.get_untracked().trim()) {
            Ok(room) => {
                open.set(false);
                chat.open_room(&room);
                chosen.run(());
            }
            Err(invalid) => wrong.set(Some(sentence(&invalid.to_string()))),
        }
    };
    view! {
        <Dialog open=open id="new-room" title="New room">
            <form on:submit=make>
                <label for="room">"Name"</label>
                <input
                    class="field"
                    id="room"
                    autocomplete="off"
                    aria-describedby="room-help"
                    prop:value=live(move || name.get())
                    on:input:target=move |event| name.set(event.target().value())
                />
                <p class="note" id="room-help">
                    {text(move || wrong.get().unwrap_or_else(|| "Anyone with the address can join. An existing name leads to that room.".into()))}
                </p>
                <footer class="row">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button class="btn strong" type="submit">"Open room"</button>
                </footer>
            </form>
        </Dialog>
    }
}
