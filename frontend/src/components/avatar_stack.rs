//! A few avatars that overlap.

use leptos::prelude::*;

use super::avatar::{Size, avatar};
use crate::{
    people::hue,
    state::{
        Chat,
        roster::{first_others, is_me},
    },
};

/// How many avatars there are.
const STACKED: usize = 3;

/// The first few people of the open room.
pub fn avatar_stack(chat: Chat) -> impl IntoView {
    let avatars = move || {
        let people =
            chat.current().with(|room| room.as_ref().map(|room| room.people.get())).unwrap_or_default();
        let me = chat.me().get();
        let avatars = first_others(&people, me.as_ref(), STACKED).into_iter().map(|person| {
            let own = is_me(me.as_ref(), &person.id);
            let hue = if own { "me".to_owned() } else { hue(&person.id).to_string() };
            avatar(Size::Small, &hue, person.name.as_str(), None)
        });
        avatars.collect::<Vec<_>>()
    };
    view! { <span class="avatar-stack" aria-hidden="true">{avatars}</span> }
}
