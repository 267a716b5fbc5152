use std::{sync::Arc, time::Duration};

use shared::{
    person::{Sender, SenderKind},
    text::{Body, Position, Room},
};

use super::{disk::Disk, settings::EmbeddedSettings, *};
use crate::broker::{Anchor, Broker, BrokerError, Draft, Health, Record, Run, Span, Stored, StoredEntry};

mod bus;
mod failing;
mod log;
mod model;
mod open;
mod state;

fn memory() -> Arc<Store> {
    Store::open(EmbeddedSettings::default()).unwrap()
}

fn on(path: &std::path::Path) -> Arc<Store> {
    Store::open(EmbeddedSettings { path: Some(path.to_owned()), ..EmbeddedSettings::default() }).unwrap()
}

fn room(name: &str) -> Room {
    Room::parse(name).unwrap()
}

fn position(text: &str) -> Position {
    Position::parse(text).unwrap()
}

fn draft_by(sender: &str, nonce: &str, text: &str) -> Draft {
    let sender =
        Sender { id: sender.parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
    let nonce = nonce.parse().unwrap();
    let record = Record::message(17, &sender, &nonce, &Body::parse(text).unwrap());
    Draft { sender: sender.id, nonce, counts: true, amends: None, rights: 0, record }
}

fn draft(nonce: &str) -> Draft {
    draft_by("ana", nonce, nonce)
}

async fn publish(broker: &Broker, name: &str, nonce: &str) -> Result<Stored, BrokerError> {
    broker.core.publish(&room(name), draft(nonce)).await
}

/// Publishes `n-0001` and so on.
async fn fill(broker: &Broker, name: &str, count: usize) -> Vec<Position> {
    let answers: Vec<_> = (1..=count)
        .map(|number| broker.core.publish(&room(name), draft(&format!("n-{number:04}"))))
        .collect();
    let mut positions = Vec::new();
    for answer in answers {
        positions.push(answer.await.unwrap().position);
    }
    positions
}

async fn read(broker: &Broker, name: &str, from: Anchor, limit: usize) -> Run {
    broker.core.read(&room(name), Span { from, limit }).await.unwrap()
}

/// Everything, read backwards page by page, oldest first.
async fn everything(broker: &Broker, name: &str) -> Vec<StoredEntry> {
    let mut entries = Vec::new();
    let mut from = Anchor::Newest;
    loop {
        let run = read(broker, name, from, 100).await;
        let Some(first) = run.entries.first() else { return entries };
        from = Anchor::Before(first.position.clone());
        entries.splice(0..0, run.entries);
    }
}

fn assert_chain(entries: &[StoredEntry]) {
    for pair in entries.windows(2) {
        assert_eq!(pair[1].prev, pair[0].position);
    }
}

fn numbers(run: &Run) -> Vec<u64> {
    run.entries.iter().map(|entry| entry.n).collect()
}

async fn wait_ready(broker: &Broker, ready: bool) -> Health {
    let mut health = broker.core.health();
    let waited =
        tokio::time::timeout(Duration::from_secs(20), health.wait_for(|health| health.ready == ready));
    waited.await.unwrap().unwrap().clone()
}
