//! What subscriptions and broadcasts promise.

use std::collections::HashSet;

use backend::broker::{Anchor, Audience, Event};
use bytes::Bytes;
use futures_util::future::join_all;

use super::{Fixture, assert_chain, draft, heard, next, nonces, read, room, say};

pub(crate) async fn order_across_nodes(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let room = room("general");
    a.core.subscribe(&room).await.unwrap();
    c.core.subscribe(&room).await.unwrap();
    let mut saying = Vec::new();
    for number in 0..80 {
        saying.push(a.core.publish(&room, draft("anna", &format!("a{number}"), "x")));
        saying.push(b.core.publish(&room, draft("berta", &format!("b{number}"), "x")));
    }
    assert!(join_all(saying).await.into_iter().all(|stored| stored.is_ok()));
    say(&b, &room, "last").await.unwrap();
    let history = read(&b, &room, Anchor::Newest, 200).await.entries;
    assert_eq!(history.len(), 161);
    assert_chain(&history);
    for broker in [&a, &c] {
        assert_eq!(heard(broker, &room, "last").await, history, "all nodes get the same, once and in order");
    }
    for who in ["a", "b"] {
        let own: Vec<_> = nonces(&history).into_iter().filter(|nonce| nonce.starts_with(who)).collect();
        assert_eq!(own, (0..80).map(|number| format!("{who}{number}")).collect::<Vec<_>>());
    }
}

pub(crate) async fn unsubscribing(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    b.core.subscribe(&here).await.unwrap();
    b.core.subscribe(&there).await.unwrap();
    say(&a, &here, "one").await.unwrap();
    heard(&b, &here, "one").await;
    b.core.unsubscribe(&here).await.unwrap();
    say(&a, &here, "two").await.unwrap();
    say(&a, &there, "three").await.unwrap();
    heard(&b, &there, "three").await;
    b.core.subscribe(&here).await.unwrap();
    say(&a, &here, "four").await.unwrap();
    assert_eq!(nonces(&heard(&b, &here, "four").await), ["four"]);
    b.core.unsubscribe(&room("never taken")).await.unwrap();
}

pub(crate) async fn subscribing_twice(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    for room in [&here, &here, &there] {
        b.core.subscribe(room).await.unwrap();
    }
    say(&a, &here, "one").await.unwrap();
    say(&a, &here, "two").await.unwrap();
    assert_eq!(nonces(&heard(&b, &here, "two").await), ["one", "two"], "each comes once");
    b.core.unsubscribe(&here).await.unwrap();
    say(&a, &here, "three").await.unwrap();
    say(&a, &there, "four").await.unwrap();
    heard(&b, &there, "four").await;
}

pub(crate) async fn other_rooms(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    b.core.subscribe(&room("mine")).await.unwrap();
    for name in ["Mine", "mine ", "min", "mine2", "m*", "other"] {
        say(&a, &room(name), "x").await.unwrap();
        a.core.broadcast(Audience::Room(&room(name)), Bytes::from_static(b"x")).await.unwrap();
    }
    say(&a, &room("mine"), "last").await.unwrap();
    assert_eq!(heard(&b, &room("mine"), "last").await.len(), 1);
}

pub(crate) async fn subscriptions_race(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let rooms: Vec<_> = (0..6).map(|number| room(&format!("room {number}"))).collect();
    for round in 0..10 {
        let racing = (0..48).map(|number| {
            let (b, room) = (b.clone(), rooms[number % 6].clone());
            tokio::spawn(async move {
                if number % 4 < 2 { b.core.subscribe(&room).await } else { b.core.unsubscribe(&room).await }
                    .unwrap();
            })
        });
        for task in join_all(racing.collect::<Vec<_>>()).await {
            task.unwrap();
        }
        let (wanted, unwanted) = rooms.split_at(round % 6);
        for room in wanted {
            b.core.subscribe(room).await.unwrap();
        }
        for room in unwanted {
            b.core.unsubscribe(room).await.unwrap();
        }
        let fence = room("fence");
        b.core.subscribe(&fence).await.unwrap();
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
                    assert!(left.remove(&room), "{room:?} is not subscribed to, or came twice");
                }
                other => panic!("received {other:?}"),
            }
        }
    }
}

pub(crate) async fn a_broadcast_reaches_all_nodes(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    a.core.subscribe(&room("here")).await.unwrap();
    for number in 0..50u8 {
        a.core.broadcast(Audience::Nodes, Bytes::copy_from_slice(b"\0\n".as_slice())).await.unwrap();
        b.core.broadcast(Audience::Nodes, Bytes::copy_from_slice(&[number])).await.unwrap();
        for broker in [&a, &b] {
            for wanted in [Bytes::from_static(b"\0\n"), Bytes::copy_from_slice(&[number])] {
                assert_eq!(
                    next(broker).await,
                    Event::NodeBroadcast(wanted),
                    "whatever it subscribed to, in order"
                );
            }
        }
    }
}

pub(crate) async fn a_broadcast_reaches_the_subscribers(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let (here, there) = (room("here"), room("there"));
    let what = Bytes::from_static(b"\0 any\nbytes \xff");
    a.core.subscribe(&here).await.unwrap();
    b.core.subscribe(&here).await.unwrap();
    c.core.subscribe(&there).await.unwrap();
    a.core.broadcast(Audience::Room(&here), what.clone()).await.unwrap();
    for broker in [&a, &b] {
        assert_eq!(next(broker).await, Event::Broadcast(here.clone(), what.clone()));
    }
    say(&a, &there, "last").await.unwrap();
    heard(&c, &there, "last").await;
    assert!(read(&a, &here, Anchor::Newest, 5).await.entries.is_empty(), "a broadcast is not stored");
    // From one node, in order.
    for number in 0..50u8 {
        a.core.broadcast(Audience::Room(&here), Bytes::copy_from_slice(&[number])).await.unwrap();
    }
    for number in 0..50u8 {
        assert_eq!(next(&b).await, Event::Broadcast(here.clone(), Bytes::copy_from_slice(&[number])));
    }
}
