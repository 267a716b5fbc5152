//! Nodes that find their Redis through Sentinels, and what its people notice when the primary changes: nothing but a
//! delay, or that something is lost.

use std::{collections::HashSet, time::Duration};

use backend::broker::{
    Anchor,
    redis::{RedisSettings, connect},
};
use shared::{
    command::{self, Command},
    event::{Event, Reply},
};
use testkit::{RedisOptions, RedisServer, Sentinels};

use crate::{
    conformance::{nonces, read, ready, room, say},
    support::{Client, Cluster, V1, client::send, within},
};

const PASSWORD: &str = "open-sesame";

struct Group {
    servers: Vec<RedisServer>,
    sentinels: Sentinels,
}

fn group(replicas: usize) -> Group {
    let server = || RedisServer::with(RedisOptions::default().grouped(PASSWORD)).unwrap();
    let servers: Vec<_> = std::iter::repeat_with(server).take(1 + replicas).collect();
    for replica in &servers[1..] {
        replica.follow(servers[0].port()).unwrap();
    }
    let sentinels = Sentinels::start(&servers[0], replicas, PASSWORD).unwrap();
    Group { servers, sentinels }
}

/// Says one thing after another, each with its nonce until it is acknowledged, as the page does.
async fn talk(mut client: Client<V1>, from: usize, to: usize) -> (Client<V1>, Vec<String>) {
    let mut acked = Vec::new();
    for number in from..to {
        let nonce = format!("word-{number}");
        loop {
            match client.ask(send("room", &nonce, &nonce)).await {
                Reply::Sent(_) => break acked.push(nonce),
                Reply::Error(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{other:?}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (client, acked)
}

/// What a member was shown, up to and including this text; and whether it was told of a loss.
async fn shown(client: &mut Client<V1>, until: &str) -> (Vec<String>, bool) {
    let (mut texts, mut lost) = (Vec::new(), false);
    while texts.last().is_none_or(|text| text != until) {
        match client.event().await {
            Event::Message(happened) => texts.push(happened.entry.message().unwrap().body.to_string()),
            Event::Lost(_) => lost = true,
            _ => {}
        }
    }
    (texts, lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_primary_is_found_by_nobodys_doing() {
    let mut group = group(1);
    let cluster = Cluster::Redis(group.sentinels.url(), "sentinel:".to_owned());
    let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
    let (ana, mut ben) = (one.v1("Ana").await, two.v1("Ben").await);
    ben.join("room").await;

    // Asked for: the former primary lives on as a replica, and refuses.
    let talking = tokio::spawn(talk(ana, 0, 400));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let first = group.sentinels.primary().unwrap();
    let second = group.sentinels.failover().unwrap();
    assert_ne!(first, second);
    let (ana, mut acked) = within(talking).await.unwrap();
    let (mut heard, mut lost) = within(shown(&mut ben, "word-399")).await;

    // By death: nobody listens there any more. The former primary must follow the new one before it can take over;
    // Sentinels leave it alone for some seconds first.
    let former = group.servers.iter().find(|server| server.port() == first).unwrap();
    within(async {
        while !former.command(&["INFO", "replication"]).unwrap().contains("master_link_status:up") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    let talking = tokio::spawn(talk(ana, 400, 500));
    tokio::time::sleep(Duration::from_millis(100)).await;
    group.servers.iter_mut().find(|server| server.port() == second).unwrap().kill().unwrap();
    let (mut ana, more) = tokio::time::timeout(Duration::from_secs(60), talking).await.unwrap().unwrap();
    acked.extend(more);
    let (more, told) = within(shown(&mut ben, "word-499")).await;
    heard.extend(more);
    lost |= told;

    // Both are still connected, and what was acknowledged is there or was told to be lost.
    within(async {
        // The connections of a node come back one by one; whoever is refused meanwhile asks again.
        let join = || Command::Join(command::Join { room: room("room"), since: None });
        while !matches!(ana.ask(join()).await, Reply::Joined(_)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let run = read(one.app.broker(), &room("room"), Anchor::Newest, 1_000).await;
    assert!(!run.older);
    let kept: HashSet<_> = nonces(&run.entries).into_iter().collect();
    let missing: Vec<_> = acked.iter().filter(|text| !kept.contains(*text)).collect();
    assert!(missing.is_empty() || lost, "not told: {missing:?}");
    let unheard: Vec<_> = kept.iter().filter(|text| !heard.contains(text)).collect();
    assert!(unheard.is_empty() || lost, "{unheard:?}");
    assert_eq!(heard.len(), heard.iter().collect::<HashSet<_>>().len(), "nothing is shown twice");
}

/// An hour lies between two probes: whoever waits for one hears of nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_on_request_is_heard_of_at_once() {
    let group = group(1);
    let settings = RedisSettings {
        url: group.sentinels.url(),
        prefix: "switch:".to_owned(),
        probe_interval: Duration::from_secs(3600),
        ..RedisSettings::default()
    };
    let broker = connect(&settings).unwrap();
    let before = ready(&broker, 0).await;
    let mut health = broker.core.health();
    let down =
        tokio::spawn(async move { health.wait_for(|health| !health.ready).await.unwrap().reason.clone() });
    let first = group.sentinels.primary().unwrap();
    group.sentinels.failover().unwrap();
    ready(&broker, before).await;
    // Some seconds later Sentinel makes the former primary a replica and cuts its connections: that is not how.
    let former = group.servers.iter().find(|server| server.port() == first).unwrap();
    let still = former.command(&["INFO", "replication"]).unwrap().contains("role:master");
    let reason = if still { None } else { within(down).await.unwrap() };
    assert!(
        still || reason.as_ref().is_some_and(|reason| reason.contains("another primary")),
        "it was not heard, but found: {reason:?}"
    );
    say(&broker, &room("room"), "after").await.unwrap();
    broker.core.close().await;
}
