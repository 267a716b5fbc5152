//! What records promise.

use std::time::Duration;

use backend::broker::{Broker, BrokerError, Key, Kind, StateError, Versioned};
use bytes::Bytes;
use shared::text::UserId;
use tokio::time::timeout;

use super::{Fixture, STEP, room, say};

fn person(name: &str) -> Key {
    Key::Person(UserId::parse(name).unwrap())
}

pub(crate) async fn versions(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let keys = [Key::Secret, person("anna"), Key::Room(room("{a}%: \n🎉")), Key::Rights(room("{a}%: \n🎉"))];
    let value = Bytes::from_static(b"\0\xff\r\n{}");
    for key in &keys {
        assert_eq!(a.state.get(key).await.unwrap(), None);
        assert_eq!(a.state.put(key, Some(3), value.clone(), None).await, Err(StateError::Conflict(0)));
        let first = a.state.put(key, Some(0), value.clone(), None).await.unwrap();
        assert!(first >= 1);
        assert_eq!(b.state.put(key, Some(0), Bytes::new(), None).await, Err(StateError::Conflict(first)));
        let wanted = Versioned { version: first, value: value.clone() };
        assert_eq!(b.state.get(key).await.unwrap(), Some(wanted), "{key:?}");
        let second = b.state.put(key, Some(first), Bytes::new(), None).await.unwrap();
        let third = a.state.put(key, None, value.clone(), None).await.unwrap();
        assert!(first < second && second < third);
        assert_eq!(
            a.state.put(key, Some(second), value.clone(), None).await,
            Err(StateError::Conflict(third))
        );
    }
}

pub(crate) async fn no_lost_update(fixture: &mut impl Fixture) {
    async fn count(broker: Broker, key: Key) {
        for _ in 0..50 {
            loop {
                let (version, value) = match broker.state.get(&key).await.unwrap() {
                    Some(record) => (record.version, String::from_utf8_lossy(&record.value).parse().unwrap()),
                    None => (0, 0u32),
                };
                match broker.state.put(&key, Some(version), (value + 1).to_string().into(), None).await {
                    Ok(_) => break,
                    Err(StateError::Conflict(other)) => assert_ne!(other, version),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let counting = [&a, &b].map(|broker| tokio::spawn(count(broker.clone(), person("counter"))));
    for task in counting {
        task.await.unwrap();
    }
    assert_eq!(a.state.get(&person("counter")).await.unwrap().unwrap().value, Bytes::from_static(b"100"));
}

pub(crate) async fn take_once(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    for number in 0..20 {
        let key = person(&format!("p{number}"));
        a.state.put(&key, None, Bytes::from_static(b"x"), None).await.unwrap();
        let (one, two) = tokio::join!(a.state.take(&key), b.state.take(&key));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(one.is_some() != two.is_some(), "one of both gets it");
        assert_eq!(one.or(two).unwrap().value, Bytes::from_static(b"x"));
        assert_eq!(a.state.get(&key).await.unwrap(), None);
    }
    assert!(a.state.list(Kind::Person, None, 50).await.unwrap().is_empty());
    assert_eq!(a.state.take(&person("nobody")).await.unwrap(), None);
}

pub(crate) async fn expiry(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let put = |name: &'static str, expires| {
        let broker = broker.clone();
        async move { broker.state.put(&person(name), None, Bytes::from_static(b"x"), expires).await.unwrap() }
    };
    put("short", Some(Duration::from_millis(100))).await;
    put("long", Some(Duration::from_secs(600))).await;
    put("saved", Some(Duration::from_millis(1500))).await;
    put("saved", None).await;
    let gone = async {
        while broker.state.get(&person("short")).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(STEP, gone).await.expect("a record does not expire");
    tokio::time::sleep(Duration::from_millis(1600)).await;
    assert!(broker.state.get(&person("long")).await.unwrap().is_some());
    assert!(
        broker.state.get(&person("saved")).await.unwrap().is_some(),
        "a later write without expiry lifts it"
    );
    assert_eq!(broker.state.list(Kind::Person, None, 9).await.unwrap(), ["long", "saved"]);
    assert_eq!(broker.state.take(&person("short")).await.unwrap(), None);
    broker.state.put(&person("short"), Some(0), Bytes::new(), None).await.expect("what expired is not there");
}

pub(crate) async fn list_pages(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let mut names: Vec<_> = (0..23).map(|number| format!("room {number}")).collect();
    names.extend(["{", "Z", "é", "🎉", " "].map(str::to_owned));
    for name in &names {
        broker.state.put(&Key::Room(room(name)), None, Bytes::new(), None).await.unwrap();
    }
    broker.state.put(&Key::Secret, None, Bytes::new(), None).await.unwrap();
    names.sort();
    let (mut listed, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = broker.state.list(Kind::Room, after.as_deref(), 10).await.unwrap();
        assert!(page.len() <= 10);
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        listed.extend(page);
    }
    assert_eq!(listed, names);
    assert_eq!(broker.state.list(Kind::Room, Some("room 22"), 2).await.unwrap(), ["room 3", "room 4"]);
    assert!(broker.state.list(Kind::Rights, None, 5).await.unwrap().is_empty());
    assert_eq!(broker.state.list(Kind::Secret, None, 5).await.unwrap(), [""]);
}

pub(crate) async fn rights_end_with_their_record(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("general");
    let rights = Key::Rights(room.clone());
    broker.state.put(&rights, None, Bytes::new(), None).await.unwrap();
    assert!(matches!(say(&broker, &room, "a").await, Err(BrokerError::Stale(_))));
    broker.state.take(&rights).await.unwrap();
    assert!(say(&broker, &room, "a").await.is_ok(), "a room without rights has version 0");
}
