//! One row of the log.

use leptos::prelude::*;

use super::message::message;
use crate::{
    browser::clock,
    components::icon::small,
    state::{
        Chat, RowHandle,
        timeline::rows::{Break, Row, RowKey},
    },
    time::{Day, DayName},
};

/// The row as an element of the list. Its content may change, its kind never does.
pub(super) fn row(chat: Chat, handle: &RowHandle) -> AnyView {
    match handle.row.get_untracked() {
        Row::Day(day) => day_line(chat, day).into_any(),
        Row::Since { at } => since_line(at).into_any(),
        Row::Break(why) => break_line(chat, handle.key, why).into_any(),
        Row::Message(first) => message(chat, &first, handle.row.clone()).into_any(),
    }
}

fn day_line(chat: Chat, day: Day) -> impl IntoView {
    let today = chat.today();
    let name = move || match day.name(today.get()) {
        DayName::Today => "Today".to_owned(),
        DayName::Yesterday => "Yesterday".to_owned(),
        DayName::Date(day) => clock::long_date(day),
    };
    view! { <li class="day row"><h3><time datetime=day.iso()>{name}</time></h3></li> }
}

fn since_line(at: u64) -> impl IntoView {
    view! { <li class="since row"><h3 class="glow">{format!("New since {}", clock::short_time(at))}</h3></li> }
}

fn break_line(chat: Chat, key: RowKey, why: Break) -> impl IntoView {
    let text = match why {
        Break::NotRecovered => "You were away for long. Some messages before this line are not loaded.",
        Break::Lost => "Some messages were lost here. Nobody can see them any more.",
    };
    let load = (why == Break::NotRecovered).then(|| {
        view! {
            <button class="btn small" type="button" tabindex="-1" on:click=move |_| chat.load_missed(key)>"Load them"</button>
        }
    });
    view! { <li class="info note"><p class="row">{small("alert")} " " {text} " " {load}</p></li> }
}
