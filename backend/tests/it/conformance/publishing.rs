//! What storing promises.

use backend::broker::{Anchor, BrokerError, Key};
use bytes::Bytes;
use futures_util::future::join_all;
use shared::text::Position;

use super::{Fixture, assert_chain, draft, heard, nonces, read, room, say, say_many};

pub(crate) async fn chain_and_numbers(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("general");
    assert_eq!(a.core.heads(std::slice::from_ref(&room)).await.unwrap(), [Position::start()]);
    let empty = read(&a, &room, Anchor::Newest, 10).await;
    assert!(empty.found && empty.entries.is_empty() && !empty.older && !empty.newer);

    let mut stored = Vec::new();
    for (number, broker) in [&a, &b, &a, &b, &b].into_iter().enumerate() {
        stored.push(say(broker, &room, &format!("n{number}")).await.unwrap());
    }
    assert!(stored.iter().all(|stored| !stored.duplicate));
    assert_eq!(
        stored.iter().map(|stored| stored.n).collect::<Vec<_>>(),
        (1..=5).map(Some).collect::<Vec<_>>()
    );
    let run = read(&a, &room, Anchor::Newest, 10).await;
    assert_eq!(nonces(&run.entries), ["n0", "n1", "n2", "n3", "n4"]);
    assert_eq!(run.entries[0].prev, Position::start());
    assert_chain(&run.entries);
    for (entry, stored) in run.entries.iter().zip(&stored) {
        assert_eq!((&entry.position, Some(entry.n)), (&stored.position, stored.n));
    }
    let sent = draft("anna", "n2", "text of n2");
    assert_eq!(run.entries[2].record, sent.record, "a record comes back byte for byte");
    assert_eq!(b.core.heads(&[room]).await.unwrap(), [stored[4].position.clone()]);
}

pub(crate) async fn duplicate_nonce(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    let first = say(&a, &here, "same").await.unwrap();
    say(&a, &here, "between").await.unwrap();
    for broker in [&a, &b] {
        let again = say(broker, &here, "same").await.unwrap();
        assert_eq!((&again.position, again.n, again.duplicate), (&first.position, None, true));
    }
    // Both in the queue at once.
    let (one, two) = (
        a.core.publish(&here, draft("anna", "twice", "x")),
        a.core.publish(&here, draft("anna", "twice", "x")),
    );
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert_eq!((one.duplicate, two.duplicate, one.position), (false, true, two.position));

    let other_sender = b.core.publish(&here, draft("berta", "same", "x")).await.unwrap();
    assert!(!other_sender.duplicate && other_sender.position != first.position);
    assert!(!say(&b, &there, "same").await.unwrap().duplicate);
    // Sender and nonce must not run together.
    for (who, nonce) in [("carl", "a-b"), ("carl-a", "b"), ("carl_a", "b"), ("carl", "a_b")] {
        assert!(!a.core.publish(&there, draft(who, nonce, "x")).await.unwrap().duplicate, "{who} {nonce}");
    }
    assert_eq!(read(&a, &here, Anchor::Newest, 50).await.entries.len(), 4);
}

pub(crate) async fn duplicate_nonce_racing(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("race");
    let mut pairs = Vec::new();
    for number in 0..50 {
        let nonce = format!("race-{number}");
        let one = a.core.publish(&room, draft("anna", &nonce, "x"));
        let two = b.core.publish(&room, draft("anna", &nonce, "x"));
        pairs.push(futures_util::future::join(one, two));
    }
    for (one, two) in join_all(pairs).await {
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(one.duplicate != two.duplicate, "one of both is the first");
        assert_eq!(one.position, two.position);
    }
    let run = read(&a, &room, Anchor::Newest, 100).await;
    assert_eq!((run.entries.len(), run.entries[49].n), (50, 50));
}

pub(crate) async fn duplicate_nonce_after_restart(fixture: &mut impl Fixture) {
    let room = room("general");
    let broker = fixture.broker().await;
    let first = say(&broker, &room, "same").await.unwrap();
    broker.core.close().await;
    drop(broker);
    fixture.restart().await;
    let again = say(&fixture.broker().await, &room, "same").await.unwrap();
    assert_eq!((again.position, again.duplicate), (first.position, true));
}

pub(crate) async fn restart_keeps_everything(fixture: &mut impl Fixture) {
    let room = room("general");
    let broker = fixture.broker().await;
    let entries = say_many(&broker, &room, 20).await;
    let (about, rights) = (Key::Room(room.clone()), Key::Rights(room.clone()));
    let version = broker.state.put(&about, None, Bytes::from_static(b"about"), None).await.unwrap();
    broker.state.put(&rights, None, Bytes::from_static(b"rights"), None).await.unwrap();
    broker.core.close().await;
    drop(broker);
    fixture.restart().await;
    let broker = fixture.broker().await;
    assert_eq!(read(&broker, &room, Anchor::Newest, 50).await.entries, entries);
    let about = broker.state.get(&about).await.unwrap().unwrap();
    assert_eq!((about.version, &about.value[..]), (version, &b"about"[..]));
    assert_eq!(say(&broker, &room, "after").await, Err(BrokerError::Stale(1)));
    broker.core.subscribe(&room).await.unwrap();
    let stored =
        broker.core.publish(&room, backend::broker::Draft { rights: 1, ..draft("anna", "after", "x") });
    assert_eq!(stored.await.unwrap().n, Some(21));
    assert_eq!(heard(&broker, &room, "after").await[0].prev, entries[19].position);
}

pub(crate) async fn uncounted_entries(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("general");
    for (nonce, counts, n) in
        [("a", false, 0), ("b", true, 1), ("c", false, 1), ("d", true, 2), ("e", true, 3)]
    {
        let draft = backend::broker::Draft { counts, ..draft("anna", nonce, "x") };
        assert_eq!(broker.core.publish(&room, draft).await.unwrap().n, Some(n), "{nonce}");
    }
    let run = read(&broker, &room, Anchor::Newest, 10).await;
    assert_chain(&run.entries);
    assert_eq!(run.entries.iter().map(|entry| entry.n).collect::<Vec<_>>(), [0, 1, 1, 2, 3]);
}

pub(crate) async fn order_of_calls(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let rooms = [room("one"), room("two"), room("three")];
    let mut answers = Vec::new();
    for number in 0..180 {
        for room in &rooms {
            answers.push(broker.core.publish(room, draft("anna", &format!("n{number}"), "x")));
        }
    }
    // The last first, so that no order comes from polling.
    for answer in answers.into_iter().rev() {
        assert!(!answer.await.unwrap().duplicate);
    }
    let wanted: Vec<_> = (0..180).map(|number| format!("n{number}")).collect();
    for room in &rooms {
        let run = read(&broker, room, Anchor::Newest, 200).await;
        assert_chain(&run.entries);
        assert_eq!(nonces(&run.entries), wanted);
    }
}

pub(crate) async fn stale_rights(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    let with = |rights, nonce: &str| backend::broker::Draft { rights, ..draft("anna", nonce, "x") };
    let before = a.core.publish(&here, with(0, "before")).await.unwrap();
    let rights = Key::Rights(here.clone());
    let first = a.state.put(&rights, Some(0), Bytes::from_static(b"1"), None).await.unwrap();
    for broker in [&a, &b] {
        assert_eq!(broker.core.publish(&here, with(0, "x")).await, Err(BrokerError::Stale(first)));
    }
    assert!(b.core.publish(&here, with(first, "y")).await.is_ok());
    let second = b.state.put(&rights, Some(first), Bytes::from_static(b"2"), None).await.unwrap();
    assert_eq!(a.core.publish(&here, with(first, "z")).await, Err(BrokerError::Stale(second)));
    let again = a.core.publish(&here, with(0, "before")).await.unwrap();
    assert_eq!(
        (again.position, again.duplicate),
        (before.position, true),
        "it was stored under the rights of then"
    );
    assert!(a.core.publish(&there, with(0, "x")).await.is_ok(), "another room has its own");
    assert_eq!(nonces(&read(&a, &here, Anchor::Newest, 9).await.entries), ["before", "y"]);
}

pub(crate) async fn odd_room_names(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let long = "ü".repeat(128);
    let names = [
        "{}", "}", "{", "{a}", "a", "A", "%", "%7B", "a:b", "a b", "a\nb", " ", "🎉", "é", "e\u{301}", "*",
        "[a]", "\0", &long,
    ];
    for (number, name) in names.iter().enumerate() {
        let room = room(name);
        b.core.subscribe(&room).await.unwrap();
        let nonce = format!("n{number}");
        assert_eq!(say(&a, &room, &nonce).await.unwrap().n, Some(1), "{name:?} is a room of its own");
        assert_eq!(nonces(&heard(&b, &room, &nonce).await), [nonce.as_str()]);
        assert_eq!(nonces(&read(&b, &room, Anchor::Newest, 9).await.entries), [nonce.as_str()]);
    }
}
