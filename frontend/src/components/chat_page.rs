//! The page once there is a name: the open room between its panels.

use leptos::{either::Either, prelude::*};

use super::{
    banner::Banner,
    composer::Composer,
    diagnostics::Diagnostics,
    layout::LayoutContext,
    log::Log,
    people::{People, PeopleButton},
    room_header::RoomHeader,
    rooms::Rooms,
    toast::Toast,
};
use crate::{
    route,
    state::{Chat, layout::Region},
};

/// Everything but the first visit. Parts stand in the order of the keyboard; the grid places them.
#[component]
pub fn ChatPage() -> impl IntoView {
    let (chat, layout) = (expect_context::<Chat>(), expect_context::<LayoutContext>());
    let current = chat.current();
    let log = move || match current.get() {
        Some(room) => Either::Left(view! { <Log room=room/> }),
        None => Either::Right(no_room(chat)),
    };
    view! {
        <a class="btn float pill vh" href="#draft">"Skip to the composer"</a>
        <div class="app">
            <main class="main" aria-labelledby="room-name">
                <div class="contents" inert=move || layout.covers(Region::Room)>
                    <Banner/>
                    <div class="stage">{log} <Toast/></div>
                    <p class="typing measure row note"></p>
                    {move || current.get().map(|room| view! { <Composer room=room/> })}
                </div>
            </main>
            <People/>
            <Rooms/>
            <RoomHeader>
                <PeopleButton/>
            </RoomHeader>
        </div>
        <Diagnostics/>
    }
}

/// Shown at an address that names no room.
fn no_room(chat: Chat) -> impl IntoView {
    let home = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        if let Some(room) = route::room("/") {
            chat.open_room(&room);
        }
    };
    view! {
        <div class="empty grow">
            <h2>"There is no room at this address"</h2>
            <a class="btn strong" href="/" on:click=home>{format!("Open {}", route::FIRST_ROOM)}</a>
        </div>
    }
}
