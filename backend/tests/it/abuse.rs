//! What one stranger can do to the others: not much. The strangers come from afar, by way of a proxy that is trusted.

use shared::{
    command::Command,
    error::{ErrorCode, ProtocolError},
    event::Reply,
};

use crate::support::{Client, Cluster, V1, client::send};

const PROXY: [&str; 2] = ["--trusted-proxies", "127.0.0.1"];

/// Sends so many; how many were stored, and the refusal of the first one that was not.
async fn flood(
    client: &mut Client<V1>,
    room: &str,
    count: usize,
    body: &str,
) -> (usize, Option<ProtocolError>) {
    let mut stored = 0;
    for number in 0..count {
        match client.ask(send(room, &format!("n{number}-flood"), body)).await {
            Reply::Sent { .. } => stored += 1,
            Reply::Error(error) => return (stored, Some(error)),
            other => panic!("{other:?}"),
        }
    }
    (stored, None)
}

#[tokio::test]
async fn a_flood_is_refused_with_the_time_to_wait() {
    let paced =
        ["--send-burst", "20", "--send-rate", "1", "--address-send-burst", "30", "--address-send-rate", "1"];
    let node = Cluster::embedded().node(&[&PROXY[..], &paced].concat()).await;
    let mut stranger = Client::connect_from(node.address, "192.0.2.1").await;
    let token = stranger.hello("Stranger").await.token;
    let (stored, refusal) = flood(&mut stranger, "room", 100, "x").await;
    let refusal = refusal.expect("a hundred messages went through");
    // A second may pass meanwhile.
    assert!((20..30).contains(&stored), "{stored}");
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    assert!((1..=1000).contains(&refusal.retry_after_ms.unwrap()), "{refusal:?}");
    // A new connection, a new name and another address of the same network do not help.
    let mut again = Client::connect_from(node.address, "192.0.2.1").await;
    again.hello_with("Stranger", Some(token)).await;
    assert!(flood(&mut again, "room", 20, "x").await.0 < 10);
    let mut other = Client::connect_from(node.address, "192.0.2.1").await;
    other.hello("Other").await;
    assert!(flood(&mut other, "room", 30, "x").await.0 < 20);
    // Others are not held up, nor is who comes over loopback.
    let mut honest = Client::connect_from(node.address, "192.0.2.2").await;
    honest.hello("Honest").await;
    assert_eq!(flood(&mut honest, "room", 10, "x").await, (10, None));
    let mut operator = node.v1("Operator").await;
    assert_eq!(flood(&mut operator, "room", 100, "x").await, (100, None));
}

#[tokio::test]
async fn control_characters_are_counted_as_they_are_stored() {
    let paced = ["--send-kib-burst", "128", "--send-kib-rate", "1"];
    let node = Cluster::embedded().node(&[&PROXY[..], &paced].concat()).await;
    let mut stranger = Client::connect_from(node.address, "2001:db8::1").await;
    stranger.hello("Stranger").await;
    let (stored, refusal) = flood(&mut stranger, "room", 100, &"\u{1}".repeat(10_000)).await;
    assert_eq!((stored, refusal.map(|refusal| refusal.code)), (2, Some(ErrorCode::RateLimited)));
    assert_eq!(flood(&mut stranger, "room", 5, "a short one").await, (5, None));
}

#[tokio::test]
async fn a_busy_person_meets_no_bound() {
    let node = Cluster::embedded().node(&PROXY).await;
    let mut busy = Client::connect_from(node.address, "192.0.2.1").await;
    busy.hello("Busy").await;
    assert_eq!(
        flood(&mut busy, "room", 100, "a line of a text that was pasted line by line").await,
        (100, None)
    );
    assert_eq!(flood(&mut busy, "other room", 20, &"x".repeat(16_000)).await, (20, None));
}

#[tokio::test]
async fn a_classic_flood_is_refused_too() {
    let node =
        Cluster::embedded().node(&[&PROXY[..], &["--send-burst", "2", "--send-rate", "1"]].concat()).await;
    let mut old = Client::connect_classic_from(node.address, "192.0.2.1").await;
    for _ in 0..3 {
        old.send("room", "x").await;
    }
    assert!(old.text().await.starts_with(r#"{"type":"error","code":"rate_limited""#));
}

#[tokio::test]
async fn few_persons_of_one_address_are_forgotten_at_once() {
    let node = Cluster::embedded().node(&[&PROXY[..], &["--forget-burst", "3"]].concat()).await;
    let mut stranger = Client::connect_from(node.address, "192.0.2.1").await;
    stranger.hello("Stranger").await;
    let mut forgotten = 0;
    let refusal = loop {
        match stranger.ask(Command::Forget).await {
            Reply::Forgotten(_) => forgotten += 1,
            Reply::Error(error) => break error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((forgotten, refusal.code), (3, ErrorCode::RateLimited));
    assert!(refusal.retry_after_ms.unwrap() > 60_000, "{refusal:?}");
    let mut other = Client::connect_from(node.address, "192.0.2.2").await;
    other.hello("Other").await;
    assert!(matches!(other.ask(Command::Forget).await, Reply::Forgotten(_)));
}
