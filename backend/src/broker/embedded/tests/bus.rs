use super::*;
use crate::broker::{Audience, Event};

/// What stands in the lanes now, entries of all rooms in one list.
async fn next(broker: &Broker) -> Event {
    let mut waits: Vec<_> = broker.lanes.iter().map(|lane| Box::pin(lane.next())).collect();
    let waited =
        tokio::time::timeout(Duration::from_secs(20), futures_util::future::select_all(waits.drain(..)));
    waited.await.unwrap().0
}

async fn entries(broker: &Broker, count: usize) -> Vec<StoredEntry> {
    let mut entries = Vec::new();
    while entries.len() < count {
        let Event::Entries(_, new) = next(broker).await else { panic!("not entries") };
        entries.extend(new);
    }
    entries
}

#[tokio::test]
async fn everybody_who_took_the_room_gets_the_chain() {
    let store = memory();
    let (one, two, three) = (store.join(), store.join(), store.join());
    for broker in [&one, &two] {
        broker.core.subscribe(&room("a")).await.unwrap();
        broker.core.subscribe(&room("a")).await.unwrap();
    }
    three.core.subscribe(&room("b")).await.unwrap();
    let answers: Vec<_> = (0..200)
        .map(|number| {
            let broker = if number % 2 == 0 { &one } else { &three };
            broker.core.publish(&room("a"), draft(&format!("n-{number:04}")))
        })
        .collect();
    for answer in answers {
        answer.await.unwrap();
    }
    let got = entries(&one, 200).await;
    assert_chain(&got);
    assert_eq!(got, entries(&two, 200).await);
    assert_eq!(got, everything(&three, "a").await);

    one.core.unsubscribe(&room("a")).await.unwrap();
    publish(&three, "a", "m").await.unwrap();
    one.core.broadcast(Audience::Room(&room("a")), "typing".into()).await.unwrap();
    one.core.subscribe(&room("a")).await.unwrap();
    publish(&three, "a", "o").await.unwrap();
    assert_eq!(entries(&one, 1).await[0].n, 202);
    assert_eq!(entries(&two, 1).await[0].n, 201);
    assert_eq!(next(&two).await, Event::Broadcast(room("a"), "typing".into()));
    assert_eq!(entries(&two, 1).await[0].n, 202);
}

#[tokio::test]
async fn ready_after_open_and_probed_on() {
    let settings = EmbeddedSettings { probe_every: Duration::from_millis(20), ..EmbeddedSettings::default() };
    let broker = Store::open(settings).unwrap().join();
    let mut health = broker.core.health();
    let first = health.borrow_and_update().clone();
    assert!(first.ready && first.probed.is_some() && first.round_trip.is_some());
    let later =
        tokio::time::timeout(Duration::from_secs(20), health.wait_for(|health| health.probed > first.probed));
    assert!(later.await.unwrap().unwrap().ready);
    assert_eq!(&*broker.core.health().borrow().durability, "in memory only");
}

#[tokio::test]
async fn the_last_to_close_closes_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    let store = on(&path);
    let (one, two) = (store.join(), store.join());
    assert_eq!(&*one.core.health().borrow().durability, "synced to disk before the answer (hubbub.redb)");
    let last = one.core.publish(&room("a"), draft("n"));
    one.core.close().await;
    assert!(last.await.is_ok());
    let last = two.core.publish(&room("a"), draft("m"));
    two.core.close().await;
    assert!(last.await.is_ok());
    assert!(matches!(publish(&two, "a", "o").await, Err(BrokerError::Unavailable(_))));
    let health = wait_ready(&two, false).await;
    assert_eq!(health.reason.as_deref(), Some("the store is closed"));
    // The file is free although somebody still holds the store.
    assert_eq!(everything(&on(&path).join(), "a").await.len(), 2);
}
