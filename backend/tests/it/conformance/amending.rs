//! What changing an entry promises.

use std::fmt::Write;

use backend::broker::{Anchor, Broker, BrokerError, Change, Draft, Key, Record, Stored, export::export};
use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use shared::{
    person::{Sender, SenderKind},
    text::{Body, Name, Nonce, Position, Room, UserId},
};

use super::{Fixture, HISTORY_MAX, assert_chain, draft, next, read, room, say, say_many};

pub(crate) type Answer = BoxFuture<'static, Result<Stored, BrokerError>>;

fn sender(who: &str) -> Sender {
    Sender { id: UserId::parse(who).unwrap(), name: Name::parse(who).unwrap(), kind: SenderKind::Guest }
}

/// The draft of an amendment.
pub(crate) fn amending(who: &str, nonce: &str, position: &Position, change: Change) -> Draft {
    let record = Record::amendment(2, &sender(who), &Nonce::parse(nonce).unwrap(), position);
    Draft { record, counts: false, amends: Some(change), ..draft(who, nonce, "x") }
}

/// Anna makes an entry say `text`, or, without, nothing any more.
pub(crate) fn amend(
    broker: &Broker,
    room: &Room,
    nonce: &str,
    position: &Position,
    text: Option<&str>,
) -> Answer {
    let first = Nonce::parse("first").unwrap();
    let record = match text {
        Some(text) => Record::message(1, &sender("anna"), &first, &Body::parse(text).unwrap()),
        None => Record::deleted(1, &sender("anna"), &first),
    };
    let change = Change { position: position.clone(), record };
    broker.core.publish(room, amending("anna", nonce, position, change))
}

/// Everything that any way of reading shows, as text.
async fn all_that_is_shown(broker: &Broker, room: &Room) -> String {
    let newest = read(broker, room, Anchor::Newest, 100).await;
    assert_chain(&newest.entries);
    let mut shown = format!("{newest:?}");
    for entry in &newest.entries {
        for from in [Anchor::Through, Anchor::Before, Anchor::After, Anchor::Around] {
            let run = read(broker, room, from(entry.position.clone()), 3).await;
            assert!(run.found);
            write!(shown, "{run:?}").unwrap();
        }
    }
    let mut lines = Vec::new();
    export(broker, &mut lines, |_| {}).await.unwrap();
    shown.push_str(&String::from_utf8(lines).unwrap());
    shown
}

pub(crate) async fn an_edit_is_seen_everywhere(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("general");
    let before = say_many(&a, &room, 3).await;
    b.core.subscribe(&room).await.unwrap();
    let target = &before[1].position;
    let stored = amend(&a, &room, "edit", target, Some("the new text")).await.unwrap();
    assert_eq!((stored.n, stored.duplicate), (Some(3), false), "it does not count");
    assert_eq!(say(&a, &room, "after").await.unwrap().n, Some(4));

    let after = read(&b, &room, Anchor::Newest, 10).await.entries;
    assert_chain(&after);
    assert_eq!(after.len(), 5);
    let edited = &after[1];
    assert_eq!((&edited.position, &edited.prev, edited.n), (target, &before[1].prev, before[1].n));
    assert_eq!(edited.message().unwrap().body.as_str(), "the new text");
    let amendment = &after[3];
    assert_eq!((&amendment.position, amendment.n, amendment.message()), (&stored.position, 3, None));
    assert_eq!(amendment.record.amends().as_ref(), Some(target));
    let change = amendment.change.as_ref().unwrap();
    assert_eq!((&change.position, &change.record), (target, &edited.record));
    assert_eq!([&after[0], &after[2]], [&before[0], &before[2]], "nothing else changed");
    let shown = all_that_is_shown(&a, &room).await;
    assert!(shown.contains("the new text") && !shown.contains("text 1"), "{shown}");
    assert!(shown.contains(&format!("\"amends\":\"{target}\"")), "an export tells of the edit");

    // The other node heard the same.
    let mut heard = Vec::new();
    while heard.len() < 2 {
        match next(&b).await {
            backend::broker::Event::Entries(of, entries) if of == room => heard.extend(entries),
            other => panic!("received {other:?}"),
        }
    }
    assert_eq!(heard, after[3..]);
}

pub(crate) async fn what_was_deleted_is_nowhere(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("general");
    say(&a, &room, "zero").await.unwrap();
    let stored = a.core.publish(&room, draft("anna", "first", "a secret")).await.unwrap();
    say(&a, &room, "two").await.unwrap();
    // Somebody else may amend, if the policy said so. Two edits on different nodes, then the deletion.
    let change =
        Change { position: stored.position.clone(), record: draft("anna", "first", "a riddle").record };
    b.core.publish(&room, amending("berta", "e1", &stored.position, change)).await.unwrap();
    assert!(all_that_is_shown(&a, &room).await.contains("a riddle"));
    amend(&a, &room, "e2", &stored.position, Some("a puzzle")).await.unwrap();
    amend(&b, &room, "e3", &stored.position, None).await.unwrap();
    for broker in [&a, &b] {
        let shown = all_that_is_shown(broker, &room).await;
        for gone in ["a secret", "a riddle", "a puzzle"] {
            assert!(!shown.contains(gone), "{gone}: {shown}");
        }
        assert!(shown.contains("\"deleted\":true") && shown.contains("text of two"));
    }
    let entries = read(&b, &room, Anchor::Newest, 10).await.entries;
    assert_eq!((entries.len(), entries[1].message()), (6, None));
    assert_eq!(entries.iter().map(|entry| entry.n).collect::<Vec<_>>(), [1, 2, 3, 3, 3, 3]);
    for amendment in &entries[3..] {
        assert_eq!(amendment.change.as_ref().map(|change| &change.record), Some(&entries[1].record));
    }
}

pub(crate) async fn nothing_to_amend(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let (here, there) = (room("here"), room("there"));
    let stored = say(&broker, &here, "one").await.unwrap();
    say(&broker, &there, "one").await.unwrap();
    let edit = amend(&broker, &here, "edit", &stored.position, Some("x")).await.unwrap();
    let mut forged = stored.position.as_str().to_owned();
    forged.push('x');
    let huge = "99999999999999999999-0.none";
    for (number, text) in ["0", "never", "1-1.none", huge, &forged, edit.position.as_str()].iter().enumerate()
    {
        let nonce = format!("g{number}");
        let answer = amend(&broker, &here, &nonce, &Position::parse(text).unwrap(), None).await;
        assert_eq!(answer, Err(BrokerError::Gone), "{text}");
    }
    let elsewhere = amend(&broker, &room("nowhere"), "x", &stored.position, None).await;
    assert_eq!(elsewhere, Err(BrokerError::Gone));
    let entries = read(&broker, &here, Anchor::Newest, 10).await.entries;
    assert_eq!(entries.len(), 2, "a refused one leaves nothing");
    let heads = broker.core.heads(std::slice::from_ref(&here)).await.unwrap();
    assert_eq!(heads.first(), Some(&edit.position));
    // The nonce of a refused one is free.
    assert!(!amend(&broker, &here, "g1", &stored.position, None).await.unwrap().duplicate);

    let version = broker.state.put(&Key::Rights(here.clone()), None, Bytes::new(), None).await.unwrap();
    let stale = amend(&broker, &here, "late", &stored.position, Some("y")).await;
    assert_eq!(stale, Err(BrokerError::Stale(version)));
    assert_eq!(read(&broker, &here, Anchor::Newest, 10).await.entries[0].message(), None);
}

pub(crate) async fn nonces_of_amendments(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("general");
    let message = say(&a, &room, "first").await.unwrap();
    let edit = amend(&a, &room, "edit", &message.position, Some("edited")).await.unwrap();
    say(&b, &room, "last").await.unwrap();
    // A repetition changes nothing, whatever it says, also after a later edit.
    amend(&b, &room, "later", &message.position, Some("edited later")).await.unwrap();
    for broker in [&a, &b] {
        let again = amend(broker, &room, "edit", &message.position, Some("twice")).await.unwrap();
        assert_eq!((&again.position, again.n, again.duplicate), (&edit.position, None, true));
        let again = say(broker, &room, "first").await.unwrap();
        assert_eq!((&again.position, again.duplicate), (&message.position, true), "the edited message");
        // One nonce, one entry, of whichever kind.
        let other = amend(broker, &room, "last", &message.position, Some("x")).await.unwrap();
        assert!(other.duplicate);
        let other = say(broker, &room, "edit").await.unwrap();
        assert_eq!((&other.position, other.duplicate), (&edit.position, true));
    }
    let entries = read(&a, &room, Anchor::Newest, 10).await.entries;
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[0].message().unwrap().body.as_str(), "edited later");
}

pub(crate) async fn amendments_race(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("race");
    let message = say(&a, &room, "first").await.unwrap();
    let mut edits = Vec::new();
    for number in 0..40 {
        let (nonce, text) = (format!("race-{}", number / 2), format!("by {}", number % 2));
        edits.push(amend([&a, &b][number % 2], &room, &nonce, &message.position, Some(&text)));
        edits.push(Box::pin(std::future::ready(say(&a, &room, &format!("m{number}")).await)));
    }
    for pair in join_all(edits).await.chunks(4) {
        let [one, _, two, _] = pair else { panic!("in fours") };
        let (one, two) = (one.as_ref().unwrap(), two.as_ref().unwrap());
        assert!(one.duplicate != two.duplicate && one.position == two.position);
    }
    let after = read(&b, &room, Anchor::Newest, 100).await.entries;
    assert_chain(&after);
    assert_eq!(after.len(), 1 + 20 + 40);
    assert_eq!(after.last().unwrap().n, 41);
    let shown = read(&a, &room, Anchor::Newest, 100).await.entries;
    assert_eq!(shown, after, "all nodes agree on what it says in the end");
}

pub(crate) async fn amending_what_was_trimmed(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("general");
    let message = say(&broker, &room, "first").await.unwrap();
    let edit = amend(&broker, &room, "edit", &message.position, Some("a trace")).await.unwrap();
    let mut filling = Vec::new();
    for number in 0..HISTORY_MAX * 2 {
        filling.push(broker.core.publish(&room, draft("anna", &format!("f{number}"), "x")));
    }
    join_all(filling).await;
    let late = amend(&broker, &room, "late", &message.position, None).await;
    assert_eq!(late, Err(BrokerError::Gone));
    assert!(!read(&broker, &room, Anchor::After(edit.position), 5).await.found);
    let shown = format!("{:?}", read(&broker, &room, Anchor::Newest, 1_000).await);
    assert!(!shown.contains("a trace"));
}

pub(crate) async fn amended_after_restart(fixture: &mut impl Fixture) {
    let room = room("general");
    let broker = fixture.broker().await;
    let message = say(&broker, &room, "first").await.unwrap();
    let edit = amend(&broker, &room, "edit", &message.position, Some("edited")).await.unwrap();
    let before = read(&broker, &room, Anchor::Newest, 9).await;
    broker.core.close().await;
    drop(broker);
    fixture.restart().await;
    let broker = fixture.broker().await;
    assert_eq!(read(&broker, &room, Anchor::Newest, 9).await, before);
    let again = amend(&broker, &room, "edit", &message.position, Some("twice")).await.unwrap();
    assert_eq!((again.position, again.duplicate), (edit.position, true));
    amend(&broker, &room, "delete", &message.position, None).await.unwrap();
    assert!(!all_that_is_shown(&broker, &room).await.contains("edited"));
}
