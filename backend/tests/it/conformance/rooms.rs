//! What the record of a room promises.

use backend::broker::{Anchor, room as record};
use shared::text::Position;

use super::{Fixture, assert_chain, heard, nonces, read, room, say, say_many};

pub(crate) async fn room_records_lose_no_update(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("general");
    assert_eq!(record::get(&*a.state, &room).await.unwrap(), record::RoomRecord::default());
    let note = |broker: &backend::broker::Broker, who: &'static str| {
        let (state, room) = (broker.state.clone(), room.clone());
        tokio::spawn(async move {
            for number in 0..20 {
                let field = format!("{who}{number}");
                let changed = record::change(&*state, &room, |record| {
                    record.other.insert(field.clone(), number.into());
                });
                changed.await.unwrap();
            }
        })
    };
    let (one, two) = (note(&a, "a"), note(&b, "b"));
    record::change(&*b.state, &room, |record| record.keep = Some(50)).await.unwrap();
    one.await.unwrap();
    two.await.unwrap();
    for broker in [&a, &b] {
        let record = record::get(&*broker.state, &room).await.unwrap();
        assert_eq!((record.other.len(), record.keep), (40, Some(50)));
    }
}

pub(crate) async fn a_room_keeps_what_its_record_says(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    let before = say_many(&a, &here, 30).await;
    say_many(&a, &there, 30).await;
    record::change(&*b.state, &here, |record| record.keep = Some(10)).await.unwrap();
    for broker in [&a, &b] {
        let run = read(broker, &here, Anchor::Newest, 100).await;
        assert_eq!((run.entries.as_slice(), run.older), (&before[20..], false), "at once, for every node");
        assert!(!read(broker, &here, Anchor::After(before[5].position.clone()), 100).await.found);
        let last_gone = before[19].position.clone();
        let run = read(broker, &here, Anchor::After(last_gone.clone()), 100).await;
        assert_eq!((run.entries.as_slice(), run.found, run.older), (&before[20..], true, false), "whole");
        assert!(!read(broker, &here, Anchor::Through(last_gone), 100).await.found);
        assert!(!read(broker, &here, Anchor::After(Position::start()), 100).await.found);
    }
    for number in 0..15 {
        say([&a, &b][number % 2], &here, &format!("n{number}")).await.unwrap();
    }
    let run = read(&a, &here, Anchor::Newest, 100).await;
    assert_chain(&run.entries);
    assert_eq!((run.entries.len(), run.entries[9].n, run.older), (10, 45, false));
    assert!(say(&b, &here, "n0").await.unwrap().duplicate, "a nonce outlives its entry");
    assert_eq!(read(&b, &there, Anchor::Newest, 100).await.entries.len(), 30, "another room has its own");

    record::change(&*a.state, &here, |record| record.keep = None).await.unwrap();
    for number in 0..15 {
        say([&a, &b][number % 2], &here, &format!("m{number}")).await.unwrap();
    }
    assert!(read(&b, &here, Anchor::Newest, 100).await.entries.len() >= 25, "as the settings say again");
}

pub(crate) async fn a_room_that_keeps_nothing_passes_on(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let room = room("general");
    let before = say_many(&a, &room, 3).await;
    record::change(&*a.state, &room, |record| record.keep = Some(0)).await.unwrap();
    b.core.subscribe(&room).await.unwrap();
    let mut stored = Vec::new();
    for number in 0..5 {
        stored.push(say([&a, &b][number % 2], &room, &format!("n{number}")).await.unwrap());
    }
    // Whoever is there gets it, whole and in its place.
    let heard_by_b = heard(&b, &room, "n4").await;
    assert_eq!(nonces(&heard_by_b), ["n0", "n1", "n2", "n3", "n4"]);
    assert_chain(&heard_by_b);
    assert_eq!((&heard_by_b[0].prev, heard_by_b[4].n), (&before[2].position, 8));
    assert!(heard_by_b.iter().all(|entry| entry.record.is_passing()));
    assert_eq!(heard_by_b[4].position, stored[4].position, "an answer names the place");
    // And nobody later.
    for broker in [&a, &b] {
        let run = read(broker, &room, Anchor::Newest, 10).await;
        assert!(run.entries.is_empty() && run.found);
        assert!(!read(broker, &room, Anchor::After(stored[3].position.clone()), 10).await.found);
        assert!(!read(broker, &room, Anchor::Before(stored[4].position.clone()), 10).await.found);
        let after = read(broker, &room, Anchor::After(stored[4].position.clone()), 10).await;
        assert!(after.found && after.entries.is_empty(), "nothing is missing after the last one");
        assert_eq!(
            broker.core.heads(std::slice::from_ref(&room)).await.unwrap(),
            [stored[4].position.clone()]
        );
    }
    let again = say(&b, &room, "n1").await.unwrap();
    assert_eq!((again.position, again.duplicate), (stored[1].position.clone(), true));
    record::change(&*a.state, &room, |record| record.keep = None).await.unwrap();
    let kept = say(&a, &room, "kept").await.unwrap();
    let after = heard(&b, &room, "kept").await.pop().unwrap();
    assert_eq!((after.position, after.prev, after.n), (kept.position.clone(), stored[4].position.clone(), 9));
    assert!(read(&b, &room, Anchor::Newest, 1).await.entries[0].position == kept.position);
}
