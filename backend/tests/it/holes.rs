//! A node that was deaf for a while, and a member of many rooms.

use std::collections::HashMap;

use backend::broker::redis::connect;
use futures_util::future::join_all;
use shared::{
    event::{Event, Happened},
    table::Flat,
};
use testkit::RedisServer;

use crate::{
    brokers::redis::settings,
    conformance::{draft, ready, room},
    support::{Cluster, until, within},
};

const ROOMS: usize = 24;
const EACH: usize = 20;

/// Together the holes are several times an outbox, and all are found in the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_holes_at_once_close_nobody_who_reads() {
    let server = RedisServer::start().unwrap();
    let prefix = "holes:";
    let node = Cluster::Redis(server.url(), prefix.to_owned()).node(&[]).await;
    let broker = connect(&settings(&server.url(), prefix)).unwrap();
    ready(&broker, 0).await;
    let name = |number: usize| format!("room-{number}");
    let mut reader = node.v1("Reader").await;
    for number in 0..ROOMS {
        reader.join(&name(number)).await;
    }

    server.command(&["ACL", "SETUSER", "default", "-subscribe"]).unwrap();
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
    let health = node.app.broker().core.health();
    until(|| !health.borrow().ready).await;
    let body = "x".repeat(14 * 1024);
    for number in 0..EACH {
        let nonce = format!("nonce-{number}");
        let rooms: Vec<_> = (0..ROOMS).map(|number| room(&name(number))).collect();
        let said = rooms.iter().map(|room| broker.core.publish(room, draft("ana", &nonce, &body)));
        for stored in within(join_all(said)).await {
            stored.unwrap();
        }
    }
    server.command(&["ACL", "SETUSER", "default", "+subscribe"]).unwrap();

    let mut last = HashMap::new();
    let mut heard = 0;
    while heard < ROOMS * EACH {
        match reader.event().await {
            Event::Message(Happened { room, entry: Flat(entry) }) => {
                let before = last.insert(room, entry.position);
                assert!(before.is_none_or(|before| before == entry.prev));
                heard += 1;
            }
            Event::Status(_) => {}
            other => panic!("expected a message, got {other:?}"),
        }
    }
}
