//! The list of joined rooms. Rooms with unread messages are bold and show a number.

use leptos::prelude::*;
use shared::text::Room;
use web_sys::{MouseEvent, SubmitEvent};

use super::{
    dialog::Dialog,
    format::{number, sentence},
    icon::{icon, logo, small},
    layout::LayoutContext,
    person::PersonFooter,
};
use crate::{
    markup::visible,
    route,
    state::{Chat, RoomHandle, layout::Panel},
};

/// The column before the room. In one column it covers the room until one is chosen.
#[component]
pub fn Rooms() -> impl IntoView {
    let (chat, layout) = (expect_context::<Chat>(), expect_context::<LayoutContext>());
    let rooms = chat.rooms();
    let making = RwSignal::new(false);
    view! {
        <nav class="rooms" id="rooms" aria-label="Rooms" hidden=move || !layout.is_open(Panel::Rooms)>
            <header class="row">
                <a class="item" href="/" on:click=move |event| enter(&event, chat, layout, route::room("/"))>
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
                    <For each=move || rooms.get() key=|room| room.room().clone() children=move |room| item(chat, layout, room)/>
                </ul>
            </div>
            <PersonFooter/>
        </nav>
        <NewRoom open=making/>
    }
}

fn item(chat: Chat, layout: LayoutContext, room: RoomHandle) -> impl IntoView {
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
                class:unread=move || unread.with(|unread| *unread > 0)
                href=route::path(&name)
                aria-current=move || current.get().then_some("page")
                on:click=move |event| enter(&event, chat, layout, Some(name.clone()))
            >
                {icon("hash", "i")}
                <bdi class="grow cut">{shown}</bdi>
                {drafted}
                {count}
            </a>
        </li>
    }
}

/// Opens a room in place, unless the browser was asked for a new tab or window.
fn enter(event: &MouseEvent, chat: Chat, layout: LayoutContext, room: Option<Room>) {
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return;
    }
    event.prevent_default();
    if let Some(room) = room {
        chat.open_room(&room);
        layout.close(Panel::Rooms);
    }
}

#[component]
fn NewRoom(open: RwSignal<bool>) -> impl IntoView {
    let (chat, layout) = (expect_context::<Chat>(), expect_context::<LayoutContext>());
    let name = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    Effect::new(move |_| {
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
                layout.close(Panel::Rooms);
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
                    prop:value=move || name.get()
                    on:input:target=move |event| name.set(event.target().value())
                />
                <p class="note" id="room-help">
                    {move || wrong.get().unwrap_or_else(|| "Anyone with the address can join. An existing name leads to that room.".into())}
                </p>
                <footer class="row">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button class="btn strong" type="submit">"Open room"</button>
                </footer>
            </form>
        </Dialog>
    }
}
