//! The page once there is a name: the room on its sheet, people and rooms beside it or over it.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};

use super::{
    banner::Banner,
    composer::Composer,
    diagnostics::Diagnostics,
    keys,
    live::{effect, live, part},
    log::Log,
    people::People,
    room_header::RoomHeader,
    rooms::Rooms,
    toast::Toast,
};
use crate::{
    route,
    state::{Chat, RoomHandle},
};

/// Below it people lie over the room.
const WIDE: &str = "(width >= 70rem)";
/// Below it there is one column.
const ONE_COLUMN: &str = "(width < 46rem)";
/// What cannot be reached while the list of rooms lies over it.
const UNDER_ROOMS: &str = ".main > *, .bar > :not(h1), .side";

/// The whole page but the first visit. Parts stand in the order of the keyboard; the grid puts them where they are
/// seen.
#[component]
pub fn ChatPage() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let current = chat.current();
    let (wide, one_column) = (media(WIDE), media(ONE_COLUMN));
    // What was asked for; until then the width decides.
    let side = RwSignal::new(None::<bool>);
    let rooms_shown = RwSignal::new(false);
    let people = Signal::derive(move || side.get().unwrap_or_else(|| wide.get()));
    let toggle = Callback::new(move |()| side.set(Some(!people.get_untracked())));
    let close = Callback::new(move |()| side.set(Some(false)));
    let show_rooms = Callback::new(move |()| rooms_shown.set(true));
    let chosen = Callback::new(move |()| rooms_shown.set(false));

    effect(move || {
        wide.track();
        side.set(None);
    });
    effect(move || under_rooms(rooms_shown.get() && one_column.get()));
    let escape = window_event_listener(ev::keydown, move |event| {
        if event.key() != "Escape" || event.default_prevented() || keys::asked() {
            return;
        }
        if rooms_shown.get_untracked() && one_column.get_untracked() {
            rooms_shown.set(false);
        } else if people.get_untracked() && !wide.get_untracked() {
            side.set(Some(false));
        } else {
            chat.mark_read();
            chat.jump_to_newest();
        }
    });
    on_cleanup(move || escape.remove());

    view! {
        <a class="btn float pill vh" href="#draft">"Skip to the composer"</a>
        <div
            class="app"
            data-side=live(move || side.get().map(|open| if open { "open" } else { "closed" }))
            data-view=live(move || rooms_shown.get().then_some("rooms"))
        >
            <main class="main" aria-labelledby="room-name">
                <Banner/>
                <div class="stage">{part(move || Some(current.get().map_or_else(|| nowhere(chat).into_any(), stage)))} <Toast/></div>
                <p class="typing measure row note"></p>
                {part(move || current.get().map(|room| view! { <Composer room=room/> }))}
            </main>
            <People close=close/>
            <Rooms chosen=chosen/>
            <RoomHeader people=people toggle_people=toggle show_rooms=show_rooms/>
        </div>
        <Diagnostics/>
    }
}

fn stage(room: RoomHandle) -> AnyView {
    view! { <Log room=room/> }.into_any()
}

/// An address that is no room's.
fn nowhere(chat: Chat) -> impl IntoView {
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

fn under_rooms(covered: bool) {
    let Ok(parts) = document().query_selector_all(UNDER_ROOMS) else { return };
    for part in (0..parts.length()).filter_map(|index| parts.get(index)?.dyn_into::<web_sys::Element>().ok())
    {
        let done = if covered { part.set_attribute("inert", "") } else { part.remove_attribute("inert") };
        // Both names are valid.
        drop(done);
    }
}

/// Whether a media query holds, now and later.
fn media(query: &str) -> ReadSignal<bool> {
    let holds = RwSignal::new(false);
    if let Ok(Some(list)) = window().match_media(query) {
        holds.set(list.matches());
        let watched = list.clone();
        let changed = Closure::<dyn FnMut()>::new(move || holds.set(watched.matches()));
        list.set_onchange(Some(changed.as_ref().unchecked_ref()));
        // The list keeps its own listener; both go with the page.
        changed.forget();
    }
    holds.read_only()
}
