//! Who is here.

use leptos::prelude::*;
use shared::{message::Person, text::UserId};

use super::{
    avatar::{Size, avatar},
    icon::small,
    live::{part, text},
};
use crate::{
    markup::visible,
    net::machine::Status,
    people::hue,
    state::{Chat, Me},
};

/// The panel beside the room. While there is no connection nobody's presence is sure.
#[component]
pub fn People(
    /// Closes the panel where it lies over the room.
    close: Callback<()>,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (me, link, current) = (chat.me(), chat.link(), chat.current());
    let live = Memo::new(move |_| link.with(|link| link.status == Status::Live));
    let people = move || current.with(|room| room.as_ref().map(|room| room.people.get())).unwrap_or_default();
    let here = move || current.with(|room| room.as_ref().map(|room| room.here.get())).unwrap_or_default();
    let unnamed = move || here().saturating_sub(people().len() as u64);
    let rows = move || {
        let people = people();
        let me = me.get();
        let row = |person: &Person| row(person, &people, me.as_ref(), live.get());
        Some(people.iter().map(row).collect::<Vec<_>>())
    };
    view! {
        <aside class="side people scroll" id="people" aria-label="People" tabindex="-1">
            <header class="row">
                <h2 class="group grow">"People"</h2>
                <button
                    class="btn icon small narrow"
                    type="button"
                    aria-label="Close"
                    on:click=move |_| close.run(())
                >
                    {small("x")}
                </button>
            </header>
            <h3 class="group">
                {text(move || if live.get() { "Here now ".to_owned() } else { "Last seen here ".to_owned() })} <span class="n">{text(move || here().to_string())}</span>
            </h3>
            <ul>{part(rows)}</ul>
            {part(move || (unnamed() > 0).then(|| view! { <p class="group">{format!("and {} more", unnamed())}</p> }))}
        </aside>
    }
}

fn row(person: &Person, all: &[Person], me: Option<&Me>, live: bool) -> impl IntoView + use<> {
    let own = is_me(me, &person.id);
    let hue = if own { "me".to_owned() } else { hue(&person.id).to_string() };
    let presence = (!live).then_some("unsure");
    let apart = if own { Some("you".to_owned()) } else { apart(person, all) };
    view! {
        <li>
            <div class="item person">
                {avatar(Size::Medium, &hue, person.name.as_str(), presence)}
                <bdi class="cut">{visible(person.name.as_str())}</bdi>
                {apart.map(|mark| view! { <span class="meta">{mark}</span> })}
            </div>
        </li>
    }
}

/// Whether an id is that of the person at this page.
pub fn is_me(me: Option<&Me>, id: &UserId) -> bool {
    me.and_then(|me| me.user.as_ref()) == Some(id)
}

/// "1 person", "12 people".
pub fn count(here: u64) -> String {
    if here == 1 { "1 person".to_owned() } else { format!("{here} people") }
}

/// What tells people of the same name apart: the end of their id.
fn apart(person: &Person, all: &[Person]) -> Option<String> {
    let same = |other: &&Person| other.id != person.id && other.name == person.name;
    all.iter().find(same)?;
    let id = person.id.as_str();
    Some(id[id.len().saturating_sub(3)..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, name: &str) -> Person {
        Person { id: UserId::parse(id).unwrap(), name: shared::text::Name::parse(name).unwrap() }
    }

    #[test]
    fn only_the_same_name_is_told_apart() {
        let all = [person("u_abck7", "Sam"), person("u_abcx2", "Sam"), person("u_q", "Ada")];
        assert_eq!(apart(&all[0], &all), Some("ck7".into()));
        assert_eq!(apart(&all[1], &all), Some("cx2".into()));
        assert_eq!(apart(&all[2], &all), None);
    }

    #[test]
    fn counts() {
        assert_eq!([count(0), count(1), count(2)], ["0 people", "1 person", "2 people"]);
    }
}
