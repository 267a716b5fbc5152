use bytes::Bytes;
use futures_util::future::join_all;

use super::*;
use crate::broker::{Key, Kind, StateError, Versioned};

fn record(name: &str) -> Key {
    Key::Room(room(name))
}

#[tokio::test]
async fn versions_guard_against_lost_updates() {
    let store = memory();
    let (one, two) = (store.join().state, store.join().state);
    let key = record("a");
    assert_eq!(one.get(&key).await, Ok(None));
    assert_eq!(one.put(&key, Some(0), "x".into(), None).await, Ok(1));
    assert_eq!(two.put(&key, Some(0), "y".into(), None).await, Err(StateError::Conflict(1)));
    assert_eq!(two.put(&key, Some(1), "y".into(), None).await, Ok(2));
    assert_eq!(one.put(&key, None, "z".into(), None).await, Ok(3));
    assert_eq!(two.get(&key).await, Ok(Some(Versioned { version: 3, value: "z".into() })));

    let raise = |state: Arc<dyn crate::broker::State>| async move {
        let key = record("counter");
        for _ in 0..25 {
            loop {
                let now = state.get(&key).await.unwrap();
                let (version, count) = now.map_or((0, 0), |now| (now.version, now.value[0]));
                match state.put(&key, Some(version), Bytes::from(vec![count + 1]), None).await {
                    Ok(_) => break,
                    Err(error) => assert!(matches!(error, StateError::Conflict(_))),
                }
            }
        }
    };
    join_all([raise(one.clone()), raise(two)]).await;
    assert_eq!(one.get(&record("counter")).await.unwrap().unwrap().value[0], 50);
}

#[tokio::test]
async fn of_two_takers_one_gets_it() {
    let store = memory();
    let (one, two) = (store.join().state, store.join().state);
    one.put(&Key::Secret, None, "x".into(), None).await.unwrap();
    let (a, b) = tokio::join!(one.take(&Key::Secret), two.take(&Key::Secret));
    assert_eq!(a.unwrap().is_some(), b.unwrap().is_none());
    assert_eq!(one.get(&Key::Secret).await, Ok(None));
}

#[tokio::test]
async fn a_record_that_ended_is_none() {
    let state = memory().join().state;
    let key = record("a");
    assert_eq!(state.put(&key, None, "x".into(), Some(Duration::ZERO)).await, Ok(1));
    let mut gone = state.get(&key).await;
    for _ in 0..1_000 {
        if gone == Ok(None) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        gone = state.get(&key).await;
    }
    assert_eq!(gone, Ok(None));
    assert_eq!(state.list(Kind::Room, None, 9).await, Ok(vec![]));
    assert_eq!(state.take(&key).await, Ok(None));
    assert_eq!(state.put(&key, Some(0), "y".into(), Some(Duration::from_secs(60))).await, Ok(1));
    assert_eq!(state.get(&key).await.unwrap().unwrap().value, "y");
}

#[tokio::test]
async fn names_are_listed_in_order() {
    let state = memory().join().state;
    for name in ["c", "a", "b", "ü", "a1"] {
        state.put(&record(name), None, "x".into(), None).await.unwrap();
    }
    state.put(&Key::Person("a0".parse().unwrap()), None, "x".into(), None).await.unwrap();
    state.put(&Key::Secret, None, "x".into(), None).await.unwrap();
    let list = async |after, limit| state.list(Kind::Room, after, limit).await.unwrap();
    assert_eq!(list(None, 9).await, ["a", "a1", "b", "c", "ü"]);
    assert_eq!(list(Some("a"), 2).await, ["a1", "b"]);
    assert_eq!(list(Some("ü"), 2).await, Vec::<String>::new());
    assert_eq!(state.list(Kind::Secret, None, 9).await.unwrap(), [""]);
}

#[tokio::test]
async fn rights_forbid_stale_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    let broker = on(&path).join();
    let key = Key::Rights(room("a"));
    publish(&broker, "a", "1").await.unwrap();
    let before = broker.core.publish(&room("a"), draft("2"));
    let version = broker.state.put(&key, Some(0), "x".into(), None);
    assert_eq!(version.await, Ok(1));
    assert!(before.await.is_ok());
    assert_eq!(publish(&broker, "a", "3").await, Err(BrokerError::Stale(1)));
    // A retry of what was stored is answered all the same.
    assert!(publish(&broker, "a", "1").await.unwrap().duplicate);
    drop(broker);

    let broker = on(&path).join();
    assert_eq!(publish(&broker, "a", "3").await, Err(BrokerError::Stale(1)));
    let mut allowed = draft("3");
    allowed.rights = 1;
    let stored = broker.core.publish(&room("a"), allowed).await.unwrap();
    assert_eq!((stored.n, stored.position), (Some(3), position("3.3")));
    assert_eq!(publish(&broker, "b", "3").await.unwrap().n, Some(1));
}
