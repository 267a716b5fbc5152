//! What moving promises.

use std::collections::HashSet;

use backend::broker::{Event, From};
use bytes::Bytes;
use futures_util::future::join_all;

use super::{Fixture, assert_chain, draft, heard, next, nonces, read, room, say};

pub(crate) async fn order_across_nodes(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let room = room("general");
    a.bus.take(&room).await.unwrap();
    c.bus.take(&room).await.unwrap();
    let mut saying = Vec::new();
    for number in 0..80 {
        saying.push(a.log.publish(&room, draft("anna", &format!("a{number}"), "x")));
        saying.push(b.log.publish(&room, draft("berta", &format!("b{number}"), "x")));
    }
    assert!(join_all(saying).await.into_iter().all(|stored| stored.is_ok()));
    say(&b, &room, "last").await.unwrap();
    let history = read(&b, &room, From::Newest, 200).await.entries;
    assert_eq!(history.len(), 161);
    assert_chain(&history);
    for broker in [&a, &c] {
        assert_eq!(heard(broker, &room, "last").await, history, "everybody gets the same, once and in order");
    }
    for who in ["a", "b"] {
        let own: Vec<_> = nonces(&history).into_iter().filter(|nonce| nonce.starts_with(who)).collect();
        assert_eq!(own, (0..80).map(|number| format!("{who}{number}")).collect::<Vec<_>>());
    }
}

pub(crate) async fn give_up(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    b.bus.take(&here).await.unwrap();
    b.bus.take(&there).await.unwrap();
    say(&a, &here, "one").await.unwrap();
    heard(&b, &here, "one").await;
    b.bus.give_up(&here).await.unwrap();
    say(&a, &here, "two").await.unwrap();
    say(&a, &there, "three").await.unwrap();
    heard(&b, &there, "three").await;
    b.bus.take(&here).await.unwrap();
    say(&a, &here, "four").await.unwrap();
    assert_eq!(nonces(&heard(&b, &here, "four").await), ["four"]);
    b.bus.give_up(&room("never taken")).await.unwrap();
}

pub(crate) async fn take_twice(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    for room in [&here, &here, &there] {
        b.bus.take(room).await.unwrap();
    }
    say(&a, &here, "one").await.unwrap();
    say(&a, &here, "two").await.unwrap();
    assert_eq!(nonces(&heard(&b, &here, "two").await), ["one", "two"], "each comes once");
    b.bus.give_up(&here).await.unwrap();
    say(&a, &here, "three").await.unwrap();
    say(&a, &there, "four").await.unwrap();
    heard(&b, &there, "four").await;
}

pub(crate) async fn other_rooms(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    b.bus.take(&room("mine")).await.unwrap();
    for name in ["Mine", "mine ", "min", "mine2", "m*", "other"] {
        say(&a, &room(name), "x").await.unwrap();
        a.bus.tell(&room(name), Bytes::from_static(b"x")).await.unwrap();
    }
    say(&a, &room("mine"), "last").await.unwrap();
    assert_eq!(heard(&b, &room("mine"), "last").await.len(), 1);
}

pub(crate) async fn take_and_give_up_race(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let rooms: Vec<_> = (0..6).map(|number| room(&format!("room {number}"))).collect();
    for round in 0..10 {
        let racing = (0..48).map(|number| {
            let (b, room) = (b.clone(), rooms[number % 6].clone());
            tokio::spawn(async move {
                if number % 4 < 2 { b.bus.take(&room).await } else { b.bus.give_up(&room).await }.unwrap();
            })
        });
        for task in join_all(racing.collect::<Vec<_>>()).await {
            task.unwrap();
        }
        let (wanted, unwanted) = rooms.split_at(round % 6);
        for room in wanted {
            b.bus.take(room).await.unwrap();
        }
        for room in unwanted {
            b.bus.give_up(room).await.unwrap();
        }
        let fence = room("fence");
        b.bus.take(&fence).await.unwrap();
        for room in &rooms {
            say(&a, room, &format!("n{round}")).await.unwrap();
        }
        say(&a, &fence, &format!("n{round}")).await.unwrap();
        // Lanes keep no order between rooms: all must come, and nothing else.
        let mut left: HashSet<_> = wanted.iter().chain([&fence]).cloned().collect();
        while !left.is_empty() {
            match next(&b).await {
                Event::Entries(room, entries) => {
                    assert_eq!(nonces(&entries), [format!("n{round}")]);
                    assert!(left.remove(&room), "{room:?} is not taken or came twice");
                }
                other => panic!("received {other:?}"),
            }
        }
    }
}

pub(crate) async fn tell_all_reaches_everybody(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    a.bus.take(&room("here")).await.unwrap();
    for number in 0..50u8 {
        a.bus.tell_all(Bytes::copy_from_slice(b"\0\n".as_slice())).await.unwrap();
        b.bus.tell_all(Bytes::copy_from_slice(&[number])).await.unwrap();
        for broker in [&a, &b] {
            for wanted in [Bytes::from_static(b"\0\n"), Bytes::copy_from_slice(&[number])] {
                assert_eq!(next(broker).await, Event::ToldAll(wanted), "whatever was taken, in order");
            }
        }
    }
}

pub(crate) async fn tell_reaches_takers(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    let what = Bytes::from_static(b"\0 any\nbytes \xff");
    a.bus.take(&here).await.unwrap();
    b.bus.take(&here).await.unwrap();
    c.bus.take(&there).await.unwrap();
    a.bus.tell(&here, what.clone()).await.unwrap();
    for broker in [&a, &b] {
        assert_eq!(next(broker).await, Event::Told(here.clone(), what.clone()));
    }
    say(&a, &there, "last").await.unwrap();
    heard(&c, &there, "last").await;
    assert!(read(&a, &here, From::Newest, 5).await.entries.is_empty(), "what is told is not stored");
    // Told from one place, in order.
    for number in 0..50u8 {
        a.bus.tell(&here, Bytes::copy_from_slice(&[number])).await.unwrap();
    }
    for number in 0..50u8 {
        assert_eq!(next(&b).await, Event::Told(here.clone(), Bytes::copy_from_slice(&[number])));
    }
}
