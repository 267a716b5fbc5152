//! A history ends with the age of its messages, and not before.

use std::time::Duration;

use backend::broker::{
    Anchor,
    redis::{RedisSettings, connect},
};
use testkit::{Preload, RedisOptions, RedisServer};

use crate::{
    brokers::redis::settings,
    conformance::{draft, read, ready, room, say},
    support::Cluster,
};

const DAY: u64 = 24 * 3600;
const MINUTES: i64 = 50;

/// Messages less than an hour apart and too few to be counted in hundreds: the newest would go with the oldest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_a_quiet_room_as_long_as_its_newest_message() {
    let preload = Preload::new().unwrap();
    let server = RedisServer::with(RedisOptions { env: preload.env(), ..RedisOptions::default() }).unwrap();
    let aged = RedisSettings { history_age: Duration::from_secs(DAY), ..settings(&server.url(), "quiet:") };
    let broker = connect(&aged).unwrap();
    ready(&broker, 0).await;
    let room = room("general");
    let left = |key: &str| server.command(&["TTL", key]).unwrap().trim().parse::<i64>().unwrap();
    let day = i64::try_from(DAY).unwrap();
    // For more than a day of Redis.
    for number in 0..40 {
        preload.set_clock(number * MINUTES * 60).unwrap();
        let stored = say(&broker, &room, &format!("n{number}")).await.unwrap();
        assert_eq!(stored.n, u64::try_from(number + 1).ok());
        let stream = left("quiet:{general}:log");
        assert!((day - 60..=day + 3600).contains(&stream), "message {number} goes after {stream} s");
        assert!(left("quiet:{general}:head") > stream, "the head outlives its entries");
    }
    preload.set_clock(39 * MINUTES * 60 + day - 60).unwrap();
    let newest = read(&broker, &room, Anchor::Newest, 1).await;
    assert_eq!(newest.entries.first().map(|entry| entry.n), Some(40));
    preload.set_clock(39 * MINUTES * 60 + day + 3660).unwrap();
    assert_eq!(left("quiet:{general}:log"), -2, "it goes some time");
}

/// Its history is gone, where its chain stands is known: nobody is refused, and nobody is told of a loss.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_history_ended_goes_on() {
    let server = RedisServer::start().unwrap();
    let cluster = Cluster::Redis(server.url(), "ended:".to_owned());
    let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
    let mut ana = one.v1("Ana").await;
    let mut at = Vec::new();
    for number in 0..4 {
        at.push(ana.send("general", &format!("nonce-{number}"), "x").await.0);
    }
    // One node knows some of the messages, the other none.
    server.command(&["XTRIM", "ended:{general}:log", "MAXLEN", "2"]).unwrap();
    let mut holder = two.v1("Holder").await;
    assert_eq!(holder.join("general").await.entries.len(), 2);
    server.command(&["DEL", "ended:{general}:log"]).unwrap();

    for node in [&two, &one] {
        for (since, recovered) in [(None, false), (Some(&at[3]), true), (Some(&at[0]), false)] {
            let joined = node.v1("Bo").await.join_since("general", since.cloned()).await;
            assert_eq!((joined.recovered, &joined.position), (recovered, &at[3]), "since {since:?}");
            assert!(joined.entries.is_empty(), "since {since:?}: {:?}", joined.entries);
        }
    }
    ana.join("general").await;
    ana.send("general", "nonce-4", "x").await;
    for client in [&mut ana, &mut holder] {
        let message = client.message().await;
        assert_eq!((message.prev, message.n), (at[3].clone(), 5));
    }
}

/// A flood does not push out what was said within the hour, up to ten times of what a room keeps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_what_is_young() {
    let server = RedisServer::start().unwrap();
    let hour = Duration::from_secs(3600);
    let young =
        RedisSettings { history_max: 200, history_min_age: hour, ..settings(&server.url(), "young:") };
    let broker = connect(&young).unwrap();
    ready(&broker, 0).await;
    let room = room("general");
    let length = || server.command(&["XLEN", "young:{general}:log"]).unwrap().trim().parse::<u64>().unwrap();
    let flood = async |from: u64, to: u64| {
        let mut stored = Vec::new();
        for number in from..to {
            stored.push(broker.core.publish(&room, draft("anna", &format!("n{number}"), "x")));
        }
        for stored in stored {
            stored.await.unwrap();
        }
    };
    flood(0, 1500).await;
    assert_eq!(length(), 1500);
    flood(1500, 4000).await;
    assert!((2000..2300).contains(&length()), "{}", length());
}
