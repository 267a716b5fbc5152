//! Who is in the room: the panel and the button that opens it.

use leptos::prelude::*;
use shared::person::Person;

use super::{
    avatar::{Size, avatar},
    avatar_stack::avatar_stack,
    format,
    icon::small,
    layout::LayoutContext,
};
use crate::{
    markup::visible,
    net::machine::Status,
    people::hue,
    state::{
        Chat, Me,
        layout::{Panel, Region},
        namesakes::Namesakes,
        roster::{is_me, unnamed},
    },
};

/// The panel. While there is no connection, nobody's presence is sure.
#[component]
pub fn People() -> impl IntoView {
    let layout = expect_context::<LayoutContext>();
    let chat = expect_context::<Chat>();
    let (me, link, current) = (chat.me(), chat.link(), chat.current());
    let live = Memo::new(move |_| link.with(|link| link.status == Status::Live));
    let people = move || current.with(|room| room.as_ref().map(|room| room.people.get())).unwrap_or_default();
    let here = move || current.with(|room| room.as_ref().map(|room| room.here.get())).unwrap_or_default();
    let unnamed = move || unnamed(here(), &people());
    let rows = move || {
        let people = people();
        let me = me.get();
        let namesakes = Namesakes::among(people.iter().map(|person| (&person.id, &person.name)));
        let row = |person: &Person| row(person, &namesakes, me.as_ref(), live.get());
        people.iter().map(row).collect::<Vec<_>>()
    };
    view! {
        <aside
            class="side people scroll"
            id="people"
            aria-label="People"
            tabindex="-1"
            hidden=move || !layout.is_open(Panel::People)
            inert=move || layout.covers(Region::End)
        >
            <header class="row">
                <h2 class="group grow">"People"</h2>
                <button
                    class="btn icon small narrow"
                    type="button"
                    aria-label="Close"
                    on:click=move |_| layout.close(Panel::People)
                >
                    {small("x")}
                </button>
            </header>
            <h3 class="group">
                {move || if live.get() { "Here now " } else { "Last seen here " }} <span class="n">{move || here().to_string()}</span>
            </h3>
            <ul>{rows}</ul>
            {move || (unnamed() > 0).then(|| view! { <p class="group">{format!("and {} more", unnamed())}</p> })}
        </aside>
    }
}

fn row(person: &Person, namesakes: &Namesakes, me: Option<&Me>, live: bool) -> impl IntoView + use<> {
    let own = is_me(me, &person.id);
    let hue = if own { "me".to_owned() } else { hue(&person.id).to_string() };
    let presence = (!live).then_some("unsure");
    let mark = if own { Some("you") } else { namesakes.mark(&person.id) }.map(str::to_owned);
    view! {
        <li>
            <div class="item person">
                {avatar(Size::Medium, &hue, person.name.as_str(), presence)}
                <bdi class="cut">{visible(person.name.as_str())}</bdi>
                {mark.map(|mark| view! { <span class="meta">{mark}</span> })}
            </div>
        </li>
    }
}

/// Opens and closes the panel; shows the first few people and how many there are.
#[component]
pub fn PeopleButton() -> impl IntoView {
    let (chat, layout) = (expect_context::<Chat>(), expect_context::<LayoutContext>());
    let current = chat.current();
    let here = move || current.with(|room| room.as_ref().map_or(0, |room| room.here.get()));
    view! {
        <button
            class="btn"
            type="button"
            aria-expanded=move || layout.is_open(Panel::People).to_string()
            aria-controls="people"
            on:click=move |_| layout.toggle(Panel::People)
        >
            {avatar_stack(chat)}
            <span class="n">{here} <span class="vh">{move || format!(" ({})", format::people(here()))}</span></span>
        </button>
    }
}
