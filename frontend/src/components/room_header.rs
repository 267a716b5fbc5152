//! The head of the room: its name, the buttons of its panels, and what can be done with it.

use leptos::prelude::*;

use super::{
    copy::copy,
    icon::icon,
    layout::LayoutContext,
    menu::{Item, Menu},
    toast::Toasts,
};
use crate::{
    markup::visible,
    route,
    state::{
        Chat,
        layout::{Panel, Region},
    },
};

/// The head of the open room.
#[component]
pub fn RoomHeader(
    /// The buttons of the panels behind the room.
    children: ChildrenFn,
) -> impl IntoView {
    let (chat, layout) = (expect_context::<Chat>(), expect_context::<LayoutContext>());
    let toasts = expect_context::<Toasts>();
    let (rooms, current) = (chat.rooms(), chat.current());
    let room = move || current.with(|room| room.as_ref().map(|room| room.room().clone()));
    let unread = move || rooms.with(|rooms| rooms.iter().filter(|room| room.unread.get() > 0).count());
    let open = Memo::new(move |_| current.with(Option::is_some));
    let link = Callback::new(move |()| {
        if let Some(room) = room() {
            copy(address(&route::path(&room)), toasts);
        }
    });
    let leave = Callback::new(move |()| {
        if let Some(room) = room() {
            chat.leave_room(&room);
        }
    });
    view! {
        <header class="bar row">
            <button
                class="btn back"
                type="button"
                aria-label=move || format!("Rooms, {} unread", unread())
                inert=move || layout.covers(Region::Header)
                on:click=move |_| layout.open(Panel::Rooms)
            >
                {icon("back", "i flip")}
                " "
                {move || (unread() > 0).then(|| view! { <span class="n">{unread()}</span> })}
            </button>
            <h1 class="cut" id="room-name">
                {move || room().map_or_else(|| "Hubbub".to_owned(), |room| format!("# {}", visible(room.as_str())))}
            </h1>
            <div class="contents" inert=move || layout.covers(Region::Header)>
                <p class="note cut grow"></p>
                <Show when=move || open.get()>
                    {children()}
                    <Menu class="btn icon" place="holder" label="Room menu" button=ViewFn::from(|| icon("more", "i"))>
                        <Item icon="link" label="Copy address" choose=link/>
                        <Item icon="door" label="Leave room" choose=leave/>
                    </Menu>
                </Show>
            </div>
        </header>
    }
}

/// The full address of a path.
pub fn address(path: &str) -> String {
    window().location().origin().unwrap_or_default() + path
}
