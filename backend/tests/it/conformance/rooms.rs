//! What the record of a room promises.

use backend::broker::{From, room as record};
use shared::text::Position;

use super::{Fixture, assert_chain, read, room, say, say_many};

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
        let run = read(broker, &here, From::Newest, 100).await;
        assert_eq!((run.entries.as_slice(), run.older), (&before[20..], false), "at once, for every node");
        assert!(!read(broker, &here, From::After(before[5].position.clone()), 100).await.found);
        let last_gone = before[19].position.clone();
        let run = read(broker, &here, From::After(last_gone.clone()), 100).await;
        assert_eq!((run.entries.as_slice(), run.found, run.older), (&before[20..], true, false), "whole");
        assert!(!read(broker, &here, From::Through(last_gone), 100).await.found);
        assert!(!read(broker, &here, From::After(Position::start()), 100).await.found);
    }
    for number in 0..15 {
        say([&a, &b][number % 2], &here, &format!("n{number}")).await.unwrap();
    }
    let run = read(&a, &here, From::Newest, 100).await;
    assert_chain(&run.entries);
    assert_eq!((run.entries.len(), run.entries[9].n, run.older), (10, 45, false));
    assert!(say(&b, &here, "n0").await.unwrap().duplicate, "a nonce outlives its entry");
    assert_eq!(read(&b, &there, From::Newest, 100).await.entries.len(), 30, "another room has its own");

    record::change(&*a.state, &here, |record| record.keep = None).await.unwrap();
    for number in 0..15 {
        say([&a, &b][number % 2], &here, &format!("m{number}")).await.unwrap();
    }
    assert!(read(&b, &here, From::Newest, 100).await.entries.len() >= 25, "as the settings say again");
}
