//! One message: avatar, sender, time, body, delivery state and actions.

use leptos::prelude::*;
use shared::person::SenderKind;

use super::{body::body as message_body, delivery::state};
use crate::{
    browser::clock,
    components::{
        avatar::{Size, avatar},
        copy::copy,
        icon::small,
        toast::Toasts,
    },
    markup::visible,
    people,
    state::{
        Chat,
        timeline::rows::{Delivery, MessageRow, Reaction, Row},
    },
    time,
};

/// A message as an element of the list. The parts always have the same order. `cont` hides avatar and name from the
/// eye, not from screen readers.
pub(super) fn message(chat: Chat, first: &MessageRow, row: ArcRwSignal<Row>) -> impl IntoView + use<> {
    let toasts = expect_context::<Toasts>();
    let id = first.id;
    let named = move |name: &str| format!("m{id}-{name}");
    let name = visible(first.sender.name.as_str());
    let hue = people::sender_hue(&first.sender, first.own);
    let classic = first.sender.kind == SenderKind::Classic;

    let shown = Memo::new(move |_| {
        row.with(|row| if let Row::Message(message) = row { Some(message.clone()) } else { None })
    });
    let is = move |test: fn(&MessageRow) -> bool| shown.with(|message| message.as_ref().is_some_and(test));
    let delivery = Memo::new(move |_| {
        shown.with(|message| message.as_ref().map_or(Delivery::Stored, |message| message.state))
    });
    let late = late(delivery);
    let waits = move || delivery.get().is_told(late.get());
    let stored = move || delivery.get() == Delivery::Stored;
    let label = move || {
        let who_when = if stored() { format!("{} {}", named("who"), named("when")) } else { named("who") };
        let state = if waits() { format!(" {}", named("state")) } else { String::new() };
        format!("{who_when} {}{state}", named("body"))
    };
    let mark = move || {
        let mark = shown.with(|message| message.as_ref().and_then(|message| message.mark.clone()));
        mark.map(|mark| view! { <span class="apart meta">{mark}</span> })
    };
    let when = move || {
        let at = shown.with(|message| message.as_ref().map_or(0, |message| message.at));
        stored().then(|| {
            view! {
                <time class="meta" id=named("when") datetime=time::iso(at) title=clock::full_time(at)>{clock::short_time(at)}</time>
            }
        })
    };
    let body = first.body.clone();
    let text = body.as_str().to_owned();
    let nonce = first.nonce.clone();
    view! {
        <li>
            <article
                class="msg"
                class:cont=move || is(|message| message.cont)
                class:fresh=first.fresh
                class:wait=waits
                id=format!("m{id}")
                data-hue=hue.clone()
                tabindex="-1"
                aria-labelledby=label
            >
                {avatar(Size::Log, &hue, &name, None)}
                <header class="row">
                    <bdi class="who cut" id=named("who")>{name}</bdi>
                    {mark}
                    {classic.then(|| view! { <span class="tag meta">"classic"</span> })}
                    {when}
                </header>
                {message_body(&body, named("body"), toasts)}
                {reactions(chat, shown)}
                {move || waits().then(|| state(chat, delivery.get(), &nonce, &body, named("state")))}
                {move || {
                    let text = text.clone();
                    stored().then(|| view! {
                        <div class="acts row float" role="group" aria-label="Actions">
                            <button
                                class="btn icon"
                                type="button"
                                tabindex="-1"
                                aria-label="Copy text"
                                title="Copy text"
                                on:click=move |_| copy(text.clone(), toasts)
                            >
                                {small("copy")}
                            </button>
                        </div>
                    })
                }}
            </article>
        </li>
    }
}

/// What people react with. A click joins a reaction or takes the own one away.
fn reactions(chat: Chat, shown: Memo<Option<MessageRow>>) -> impl IntoView {
    let all = Memo::new(move |_| {
        shown.with(|message| message.as_ref().map(|it| (it.position.clone(), it.reactions.clone())))
    });
    move || {
        let (position, reactions) = all.get()?;
        let position = position.filter(|_| !reactions.is_empty())?;
        let chips = reactions.into_iter().map(|Reaction { emoji, count, own }| {
            let (to, kind) = (position.clone(), emoji.clone());
            view! {
                <button
                    class="btn"
                    type="button"
                    tabindex="-1"
                    aria-pressed=own.to_string()
                    on:click=move |_| chat.react(&to, kind.clone(), !own)
                >
                    {emoji.to_string()}" "{count}
                </button>
            }
        });
        Some(
            view! { <div class="marks row" role="group" aria-label="Reactions">{chips.collect_view()}</div> },
        )
    }
}

/// Whether a message has been on its way for longer than a moment. Most are stored before that.
fn late(delivery: Memo<Delivery>) -> ReadSignal<bool> {
    let late = RwSignal::new(false);
    Effect::new(move |_| {
        if delivery.get() == Delivery::Sending {
            late.set(false);
            set_timeout(
                move || {
                    // The row may be gone by then.
                    late.try_set(true);
                },
                super::delivery::SILENT,
            );
        }
    });
    late.read_only()
}
