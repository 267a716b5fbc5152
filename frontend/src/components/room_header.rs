//! The head of the room: its name, who is here, and what can be done with it.

use leptos::prelude::*;

use super::{
    avatar::{Size, avatar},
    copy::copy,
    icon::icon,
    live::{live, part, text},
    menu::{Item, Menu},
    people::{count, is_me},
    toast::Toasts,
};
use crate::{markup::visible, people::hue, route, state::Chat};

/// How many avatars stand beside the number.
const STACKED: usize = 3;

/// The head of the open room.
#[component]
pub fn RoomHeader(
    /// Whether the people are shown.
    people: Signal<bool>,
    /// Shows or hides them.
    toggle_people: Callback<()>,
    /// Shows the list of rooms, where it does not fit beside the room.
    show_rooms: Callback<()>,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let toasts = expect_context::<Toasts>();
    let (rooms, current) = (chat.rooms(), chat.current());
    let room = move || current.with(|room| room.as_ref().map(|room| room.room().clone()));
    let elsewhere = move || rooms.with(|rooms| rooms.iter().filter(|room| room.unread.get() > 0).count());
    let here = move || current.with(|room| room.as_ref().map_or(0, |room| room.here.get()));
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
                aria-label=live(move || format!("Rooms, {} unread", elsewhere()))
                on:click=move |_| show_rooms.run(())
            >
                {icon("back", "i flip")}
                " "
                {part(move || (elsewhere() > 0).then(|| view! { <span class="n">{elsewhere().to_string()}</span> }))}
            </button>
            <h1 class="cut" id="room-name">
                {text(move || room().map_or_else(|| "Hubbub".to_owned(), |room| format!("# {}", visible(room.as_str()))))}
            </h1>
            <p class="note cut grow"></p>
            {part(move || open.get().then(|| view! {
                <button
                    class="btn"
                    type="button"
                    aria-expanded=live(move || people.get().to_string())
                    aria-controls="people"
                    on:click=move |_| toggle_people.run(())
                >
                    {part(move || Some(avatar_stack(chat)))}
                    <span class="n">{text(move || here().to_string())} <span class="vh">{text(move || format!(" ({})", count(here())))}</span></span>
                </button>
                <Menu class="btn icon" place="holder" label="Room menu" button=ViewFn::from(|| icon("more", "i"))>
                    <Item icon="link" label="Copy address" choose=link/>
                    <Item icon="door" label="Leave room" choose=leave/>
                </Menu>
            }))}
        </header>
    }
}

/// The first few people who are here, overlapping.
fn avatar_stack(chat: Chat) -> impl IntoView {
    let people = chat.current().with(|room| room.as_ref().map(|room| room.people.get())).unwrap_or_default();
    let me = chat.me().get();
    // The others say more than oneself.
    let (own, others): (Vec<_>, Vec<_>) = people.iter().partition(|person| is_me(me.as_ref(), &person.id));
    let avatars = others.into_iter().chain(own).take(STACKED).map(|person| {
        let own = is_me(me.as_ref(), &person.id);
        let hue = if own { "me".to_owned() } else { hue(&person.id).to_string() };
        avatar(Size::Small, &hue, person.name.as_str(), None)
    });
    view! { <span class="avatar-stack" aria-hidden="true">{avatars.collect::<Vec<_>>()}</span> }
}

/// The whole address of a path, to be shared.
pub fn address(path: &str) -> String {
    window().location().origin().unwrap_or_default() + path
}
