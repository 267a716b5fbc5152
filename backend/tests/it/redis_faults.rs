//! What the Redis broker does when Redis does not do what it should.

use std::time::Duration;

use backend::broker::{
    Anchor, Broker, BrokerError, Draft, Event, Health, StoredEntry,
    redis::{BadSettings, RedisSettings, connect},
};
use futures_util::future::join_all;
use shared::text::Room;
use testkit::{Data, RedisOptions, RedisServer};
use tokio::time::{Instant, timeout};

use crate::{
    brokers::redis::settings,
    conformance::{STEP, assert_chain, draft, heard, next, nonces, read, ready, room, say},
};

fn server(append_only: Option<&'static str>) -> RedisServer {
    RedisServer::with(RedisOptions { append_only, ..RedisOptions::default() }).unwrap()
}

async fn node(server: &RedisServer) -> Broker {
    let broker = connect(&settings(&server.url(), "faults:")).unwrap();
    ready(&broker, 0).await;
    broker
}

/// Waits until the node is not ready and gives the reason.
async fn down(broker: &Broker) -> String {
    let mut health = broker.core.health();
    let down: Health =
        timeout(STEP, health.wait_for(|health| !health.ready)).await.expect("still ready").unwrap().clone();
    down.reason.expect("a reason")
}

/// Publishes one message after another, as a client does: the same nonce until there is an answer.
async fn talk(broker: Broker, room: Room, who: &'static str, count: usize) {
    for number in 0..count {
        let draft: Draft = draft(who, &format!("{who}-{number}"), "x");
        while broker.core.publish(&room, draft.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn by(who: &str, entries: &[StoredEntry]) -> Vec<String> {
    nonces(entries).into_iter().filter(|nonce| nonce.split('-').next() == Some(who)).collect()
}

fn spoken(who: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{who}-{number}")).collect()
}

#[tokio::test]
async fn forgotten_scripts_change_no_order() {
    let server = server(None);
    let broker = node(&server).await;
    let room = room("general");
    let mut answers = Vec::new();
    for number in 0..180 {
        answers.push(broker.core.publish(&room, draft("anna", &format!("anna-{number}"), "x")));
        if number % 20 == 0 {
            server.command(&["SCRIPT", "FLUSH"]).unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    for answer in join_all(answers).await {
        assert!(!answer.unwrap().duplicate);
    }
    let entries = read(&broker, &room, Anchor::Newest, 200).await.entries;
    assert_chain(&entries);
    assert_eq!(by("anna", &entries), spoken("anna", 180));
}

#[tokio::test]
async fn forgotten_scripts_are_sent_again_for_reads_and_records() {
    let server = server(None);
    let broker = node(&server).await;
    let here = room("general");
    let stored = say(&broker, &here, "one").await.unwrap();
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert_eq!(broker.core.heads(&[room("x"), here.clone()]).await.unwrap()[1], stored.position);
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    let kept = broker.core.first_kept(&here, std::slice::from_ref(&stored.position)).await.unwrap();
    assert_eq!(kept, Some(stored.position));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_redis_loses_and_doubles_nothing_that_was_acknowledged() {
    let mut server = server(Some("always"));
    let (a, b) = (node(&server).await, node(&server).await);
    let room = room("general");
    b.core.subscribe(&room).await.unwrap();
    let generation = b.core.health().borrow().generation;
    let talking = [
        tokio::spawn(talk(a.clone(), room.clone(), "anna", 60)),
        tokio::spawn(talk(b.clone(), room.clone(), "berta", 60)),
    ];
    tokio::time::sleep(Duration::from_millis(20)).await;
    for _ in 0..2 {
        // Blocks this thread alone: the nodes run on the workers.
        server.restart(Data::Kept).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for task in talking {
        timeout(STEP, task).await.expect("traffic does not go on").unwrap();
    }
    let entries = read(&a, &room, Anchor::Newest, 200).await.entries;
    assert_chain(&entries);
    assert_eq!(by("anna", &entries), spoken("anna", 60));
    assert_eq!(by("berta", &entries), spoken("berta", 60));
    assert!(ready(&b, generation).await > generation, "the hub must know that something may be missing");
    // The room is taken again, by nobody's doing.
    say(&a, &room, "last").await.unwrap();
    while !matches!(next(&b).await, Event::Entries(_, entries) if nonces(&entries).contains(&"last".to_owned()))
    {
    }
}

#[tokio::test]
async fn a_paused_redis_is_noticed_and_acknowledges_nothing() {
    let mut server = server(None);
    let quick =
        RedisSettings { publish_deadline: Duration::from_secs(1), ..settings(&server.url(), "faults:") };
    let broker = connect(&quick).unwrap();
    let generation = ready(&broker, 0).await;
    let room = room("general");
    broker.core.subscribe(&room).await.unwrap();
    server.pause().unwrap();
    let paused = Instant::now();
    let answer = broker.core.publish(&room, draft("anna", "n1", "x"));
    let answer = answer.await;
    assert!(matches!(answer, Err(BrokerError::Unknown | BrokerError::Unavailable(_))), "{answer:?}");
    down(&broker).await;
    assert!(paused.elapsed() < Duration::from_secs(15), "noticed only after {:?}", paused.elapsed());
    assert!(broker.core.subscribe(&crate::conformance::room("other")).await.is_err());
    assert!(broker.core.heads(std::slice::from_ref(&room)).await.is_err());
    server.resume().unwrap();
    ready(&broker, generation).await;
    // The same nonce, as a client would: whether the first try was stored or not, it is there once.
    say(&broker, &room, "n1").await.unwrap();
    assert_eq!(nonces(&read(&broker, &room, Anchor::Newest, 9).await.entries), ["n1"]);
}

#[tokio::test]
async fn a_cut_subscriber_comes_back_by_itself() {
    let server = server(None);
    let (a, b) = (node(&server).await, node(&server).await);
    let room = room("general");
    // More than one chunk of subscriptions.
    for number in 0..1200 {
        b.core.subscribe(&crate::conformance::room(&format!("room {number}"))).await.unwrap();
    }
    b.core.subscribe(&room).await.unwrap();
    let generation = b.core.health().borrow().generation;
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
    ready(&b, generation).await;
    say(&a, &room, "back").await.unwrap();
    heard(&b, &room, "back").await;
    say(&a, &crate::conformance::room("room 1199"), "back").await.unwrap();
    heard(&b, &crate::conformance::room("room 1199"), "back").await;
}

#[tokio::test]
async fn cut_connections_of_every_kind_come_back() {
    let server = server(None);
    let broker = node(&server).await;
    let room = room("general");
    for number in 0..5 {
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        let nonce = format!("n{number}");
        let stored = broker.core.publish(&room, draft("anna", &nonce, "x"));
        assert!(!stored.await.expect("sent again on a new connection").duplicate);
    }
    let read = async {
        while broker.core.heads(std::slice::from_ref(&room)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(STEP, read).await.expect("reads do not come back");
}

#[tokio::test]
async fn a_redis_that_evicts_must_not_be_used() {
    let server = server(None);
    server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).unwrap();
    let broker = connect(&settings(&server.url(), "faults:")).unwrap();
    let mut health = broker.core.health();
    let probed = health.wait_for(|health| health.probed.is_some());
    let probed = timeout(STEP, probed).await.expect("no probe").unwrap().clone();
    assert!(!probed.ready && probed.reason.unwrap().contains("noeviction"));
    server.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap();
    ready(&broker, 0).await;
    server.command(&["CONFIG", "SET", "maxmemory-policy", "volatile-ttl"]).unwrap();
    assert!(down(&broker).await.contains("volatile-ttl"), "it is looked at now and then");
}

#[tokio::test]
async fn a_full_redis_refuses_and_serves_again() {
    let server = server(None);
    let broker = node(&server).await;
    let room = room("general");
    say(&broker, &room, "before").await.unwrap();
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let refused = say(&broker, &room, "full").await;
    assert!(matches!(refused, Err(BrokerError::Full(_))), "{refused:?}");
    assert_eq!(read(&broker, &room, Anchor::Newest, 9).await.entries.len(), 1, "reading goes on");
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert!(!say(&broker, &room, "full").await.unwrap().duplicate, "it was not stored the first time");
}

#[tokio::test]
async fn a_demoted_redis_is_not_ready() {
    let server = server(None);
    let quick =
        RedisSettings { publish_deadline: Duration::from_secs(1), ..settings(&server.url(), "faults:") };
    let broker = connect(&quick).unwrap();
    let generation = ready(&broker, 0).await;
    let dead = testkit::free_port().unwrap().to_string();
    server.command(&["REPLICAOF", "127.0.0.1", &dead]).unwrap();
    let refused = say(&broker, &room("general"), "n1").await;
    assert!(matches!(refused, Err(BrokerError::Unavailable(_))), "nothing was stored: {refused:?}");
    let reason = down(&broker).await;
    assert!(reason.contains("read-only"), "{reason}");
    server.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    ready(&broker, generation).await;
    assert!(!say(&broker, &room("general"), "n1").await.unwrap().duplicate);
}

#[tokio::test]
async fn a_node_starts_without_redis_and_waits_for_it() {
    let mut server = server(None);
    server.kill().unwrap();
    let quick =
        RedisSettings { publish_deadline: Duration::from_millis(300), ..settings(&server.url(), "faults:") };
    let broker = connect(&quick).unwrap();
    assert!(!broker.core.health().borrow().ready);
    let refused = say(&broker, &room("general"), "n1").await;
    assert!(matches!(refused, Err(BrokerError::Unavailable(_))), "{refused:?}");
    assert!(broker.core.subscribe(&room("general")).await.is_err());
    server.restart(Data::Dropped).unwrap();
    ready(&broker, 0).await;
    assert!(broker.core.health().borrow().durability.contains("memory only"));
    let stored = say(&broker, &room("general"), "n2").await.unwrap();
    assert_eq!(stored.n, Some(1), "what was refused is not stored later");
}

#[tokio::test]
async fn a_lost_head_is_made_again_from_the_history() {
    let server = server(None);
    let broker = node(&server).await;
    let room = room("general");
    let first = say(&broker, &room, "one").await.unwrap();
    server.command(&["DEL", "faults:{general}:head"]).unwrap();
    assert_eq!(say(&broker, &room, "two").await.unwrap().n, Some(2));
    // The history is gone, the head is not: the chain goes on and shows the hole.
    server.command(&["DEL", "faults:{general}:log"]).unwrap();
    let third = say(&broker, &room, "three").await.unwrap();
    assert_eq!(third.n, Some(3));
    assert!(!read(&broker, &room, Anchor::After(first.position), 9).await.found);
    assert!(!read(&broker, &room, Anchor::After(shared::text::Position::start()), 9).await.found);
}

#[tokio::test]
async fn what_is_too_old_is_not_read() {
    let server = server(None);
    let aged =
        RedisSettings { history_age: Duration::from_millis(700), ..settings(&server.url(), "faults:") };
    let broker = connect(&aged).unwrap();
    ready(&broker, 0).await;
    let room = room("general");
    let old = say(&broker, &room, "old").await.unwrap();
    let gone = async {
        while read(&broker, &room, Anchor::Through(old.position.clone()), 9).await.found {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(STEP, gone).await.expect("it is kept for ever");
    say(&broker, &room, "new").await.unwrap();
    let run = read(&broker, &room, Anchor::Newest, 9).await;
    assert!(nonces(&run.entries).iter().all(|nonce| nonce == "new") && !run.older);
    assert_eq!(broker.core.first_kept(&room, &[old.position]).await.unwrap(), None);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let server = server(None);
    let (a, b) = (node(&server).await, node(&server).await);
    let room = room("general");
    let answers: Vec<_> =
        (0..150).map(|number| a.core.publish(&room, draft("anna", &format!("anna-{number}"), "x"))).collect();
    timeout(STEP, a.core.close()).await.expect("closing hangs");
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(read(&b, &room, Anchor::Newest, 200).await.entries.len(), 150);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    for url in ["http://x", "nonsense", "redis://", "rediss+x://one/main", "rediss+sentinel://one:26379"] {
        let refused = connect(&RedisSettings { url: url.to_owned(), ..RedisSettings::default() });
        assert!(matches!(refused, Err(BadSettings::Url(_))) || url == "redis://", "{url}");
    }
    let braces = RedisSettings { prefix: "a{b}".to_owned(), ..RedisSettings::default() };
    assert_eq!(connect(&braces).unwrap_err(), BadSettings::Prefix);
}

#[tokio::test]
async fn with_replicas_an_ack_waits_for_them() {
    let options = RedisOptions::default().line("repl-diskless-sync-delay", "0");
    let (server, replica) = (RedisServer::with(options).unwrap(), server(None));
    let waits = RedisSettings { wait_replicas: Some(1), ..settings(&server.url(), "faults:") };
    let broker = connect(&waits).unwrap();
    let mut health = broker.core.health();
    let probed = health.wait_for(|health| health.probed.is_some());
    let probed = timeout(STEP, probed).await.expect("no probe").unwrap().clone();
    assert!(!probed.ready && probed.reason.unwrap().contains("--redis-wait-replicas"));
    let room = room("general");
    let alone = say(&broker, &room, "alone").await;
    assert_eq!(alone, Err(BrokerError::Unknown), "it is stored, but not as was asked");
    replica.follow(server.port()).unwrap();
    ready(&broker, 0).await;
    assert!(
        broker.core.health().borrow().durability.contains("in the memory of a replica"),
        "{}",
        broker.core.health().borrow().durability
    );
    assert!(say(&broker, &room, "alone").await.unwrap().duplicate);
    say(&broker, &room, "both").await.unwrap();
    assert_eq!(replica.command(&["XLEN", "faults:{general}:log"]).unwrap(), "2");
}

#[tokio::test]
async fn a_cut_publish_connection_is_not_left_behind() {
    let mut server = server(None);
    let quick =
        RedisSettings { publish_deadline: Duration::from_millis(500), ..settings(&server.url(), "faults:") };
    let broker = connect(&quick).unwrap();
    let generation = ready(&broker, 0).await;
    let room = room("general");
    for round in 0..3 {
        server.pause().unwrap();
        let lost = say(&broker, &room, &format!("lost-{round}")).await;
        assert!(lost.is_err(), "{lost:?}");
        server.resume().unwrap();
        let kept = async {
            while say(&broker, &room, &format!("kept-{round}")).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(STEP, kept).await.expect("publishing does not come back");
    }
    ready(&broker, generation - 1).await;
    let history = nonces(&read(&broker, &room, Anchor::Newest, 9).await.entries);
    for round in 0..3 {
        let at = |nonce: String| history.iter().position(|other| *other == nonce);
        let kept = at(format!("kept-{round}")).expect("an ack means stored");
        assert!(at(format!("lost-{round}")).is_none_or(|lost| lost < kept), "{history:?}");
    }
}
