use super::*;

#[tokio::test]
async fn positions_and_chain() {
    let broker = memory().join();
    let stored = publish(&broker, "a", "nonce-x9Zq").await.unwrap();
    assert_eq!(stored, Stored { position: position("1.x9Zq"), n: Some(1), duplicate: false });
    let mut edit = draft("e");
    edit.counts = false;
    let stored = broker.core.publish(&room("a"), edit).await.unwrap();
    assert_eq!(stored, Stored { position: position("2.e"), n: Some(1), duplicate: false });
    let run = read(&broker, "a", Anchor::Newest, 10).await;
    assert_eq!(run.entries.iter().map(|entry| entry.prev.as_str()).collect::<Vec<_>>(), ["0", "1.x9Zq"]);
    assert_eq!(run.entries[0].record, draft("nonce-x9Zq").record);
    let heads = broker.core.heads(&[room("b"), room("a")]).await.unwrap();
    assert_eq!(heads, [Position::start(), position("2.e")]);
}

#[tokio::test]
async fn spans() {
    let broker = memory().join();
    let at = fill(&broker, "a", 9).await;
    let number = |n: usize| at[n - 1].clone();
    let cases: [(Anchor, usize, &[u64], bool, bool); 16] = [
        (Anchor::Newest, 3, &[7, 8, 9], true, false),
        (Anchor::Newest, 99, &[1, 2, 3, 4, 5, 6, 7, 8, 9], false, false),
        (Anchor::Through(number(4)), 2, &[3, 4], true, true),
        (Anchor::Through(number(9)), 1, &[9], true, false),
        (Anchor::Before(number(4)), 2, &[2, 3], true, true),
        (Anchor::Before(number(3)), 9, &[1, 2], false, true),
        (Anchor::Before(number(1)), 9, &[], false, true),
        (Anchor::After(Position::start()), 2, &[1, 2], false, true),
        (Anchor::After(number(7)), 9, &[8, 9], true, false),
        (Anchor::After(number(9)), 9, &[], true, false),
        (Anchor::Around(number(5)), 3, &[4, 5, 6], true, true),
        (Anchor::Around(number(5)), 4, &[4, 5, 6, 7], true, true),
        (Anchor::Around(number(1)), 4, &[1, 2, 3, 4], false, true),
        (Anchor::Around(number(9)), 4, &[6, 7, 8, 9], true, false),
        (Anchor::Around(number(2)), 99, &[1, 2, 3, 4, 5, 6, 7, 8, 9], false, false),
        (Anchor::Around(number(5)), 1, &[5], true, true),
    ];
    for (from, limit, entries, older, newer) in cases {
        let run = read(&broker, "a", from.clone(), limit).await;
        assert_eq!((numbers(&run).as_slice(), run.found), (entries, true), "{from:?} {limit}");
        assert_eq!((run.older, run.newer), (older, newer), "{from:?} {limit}");
        assert_chain(&run.entries);
    }
}

#[tokio::test]
async fn positions_that_are_not_there() {
    let broker = memory().join();
    fill(&broker, "a", 3).await;
    for text in
        ["2.0003", "4.0004", "0.0000", "2", "02.0002", "+2.0002", "x.y", "9999999999999999999999.0002"]
    {
        for from in [
            Anchor::Through(position(text)),
            Anchor::Before(position(text)),
            Anchor::After(position(text)),
            Anchor::Around(position(text)),
        ] {
            assert_eq!(read(&broker, "a", from.clone(), 5).await, Run::default(), "{from:?}");
        }
    }
    let run = read(&broker, "nowhere", Anchor::After(Position::start()), 5).await;
    assert_eq!(run, Run { found: true, ..Run::default() });
    let asked = ["9.zzzz", "3.zzzz", "2.0002", "1.0001"].map(position);
    assert_eq!(broker.core.first_kept(&room("a"), &asked).await.unwrap(), Some(position("2.0002")));
    assert_eq!(broker.core.first_kept(&room("a"), &asked[..2]).await.unwrap(), None);
    let start = [position("9.zzzz"), Position::start()];
    assert_eq!(broker.core.first_kept(&room("a"), &start).await.unwrap(), Some(Position::start()));
}

#[tokio::test]
async fn pages_are_bounded_in_bytes() {
    let broker = memory().join();
    let text = "x".repeat(shared::limits::BODY_BYTES);
    for number in 0..80 {
        broker.core.publish(&room("a"), draft_by("ana", &format!("n{number}"), &text)).await.unwrap();
    }
    let run = read(&broker, "a", Anchor::Newest, 100).await;
    assert!((1..80).contains(&run.entries.len()) && run.older && !run.newer);
    let run = read(&broker, "a", Anchor::After(Position::start()), 100).await;
    assert!((1..80).contains(&run.entries.len()) && !run.older && run.newer);
    let all = everything(&broker, "a").await;
    assert_eq!(all.len(), 80);
    assert_chain(&all);
}

#[tokio::test]
async fn a_repeated_nonce_gets_the_first_position() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    let store = on(&path);
    let (one, two) = (store.join(), store.join());
    let first = publish(&one, "a", "n").await.unwrap();
    let again = Stored { position: first.position.clone(), n: None, duplicate: true };
    assert_eq!(publish(&two, "a", "n").await.unwrap(), again);
    // Another room, another sender: another message.
    assert!(!publish(&one, "b", "n").await.unwrap().duplicate);
    assert!(!one.core.publish(&room("a"), draft_by("bo", "n", "x")).await.unwrap().duplicate);
    let both = (one.core.publish(&room("a"), draft("m")), two.core.publish(&room("a"), draft("m")));
    let both = (both.0.await.unwrap(), both.1.await.unwrap());
    assert!(both.0.duplicate != both.1.duplicate && both.0.position == both.1.position);
    drop((one, two, store));

    let broker = on(&path).join();
    assert_eq!(publish(&broker, "a", "n").await.unwrap(), again);
    assert_eq!(read(&broker, "a", Anchor::Newest, 9).await.entries.len(), 3);
}

#[tokio::test]
async fn a_full_queue_refuses() {
    let broker =
        Store::open(EmbeddedSettings { queue_bytes: 10, ..EmbeddedSettings::default() }).unwrap().join();
    assert_eq!(publish(&broker, "a", "n").await, Err(BrokerError::Overloaded));
    let few = Store::open(EmbeddedSettings { nonces_max: 2, ..EmbeddedSettings::default() }).unwrap().join();
    fill(&few, "a", 2).await;
    assert_eq!(publish(&few, "a", "m").await, Err(BrokerError::Overloaded));
    assert!(publish(&few, "a", "n-0002").await.unwrap().duplicate);
}

#[tokio::test]
async fn the_count_of_a_room_is_bounded() {
    let settings = EmbeddedSettings { history_max: 10, ..EmbeddedSettings::default() };
    let broker = Store::open(settings).unwrap().join();
    for number in 1..=200 {
        publish(&broker, "a", &format!("n-{number:04}")).await.unwrap();
    }
    let run = read(&broker, "a", Anchor::Newest, 100).await;
    assert_eq!(numbers(&run), (191..=200).collect::<Vec<_>>());
    assert!(!run.older);
    for gone in [Position::start(), position("190.zzzz"), position("189.0189"), position("1.0001")] {
        assert!(!read(&broker, "a", Anchor::After(gone), 5).await.found);
    }
    let run = read(&broker, "a", Anchor::After(position("190.0190")), 100).await;
    assert_eq!((numbers(&run), run.older), ((191..=200).collect(), false), "nothing after it is missing");
}

#[tokio::test]
async fn export_writes_lines_and_compact_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    let store = on(&path);
    let broker = store.join();
    fill(&broker, "a", 1_201).await;
    let mut odd = draft("odd");
    odd.record = Record::parse("z 1".into());
    broker.core.publish(&room("b\"1"), odd).await.unwrap();
    broker.core.close().await;
    drop((broker, store));
    let mut seen = Vec::new();
    tools::compact(&path, |at| seen.push(at)).unwrap();
    assert!(
        matches!(seen.as_slice(), [tools::Compacting::Started { before }, tools::Compacting::Done { after, .. }]
        if after < before)
    );

    let mut lines = Vec::new();
    let done = crate::broker::export::export(&on(&path).join(), &mut lines, |_| {}).await.unwrap();
    assert_eq!((done.rooms, done.entries), (2, 1_202));
    let lines: Vec<serde_json::Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = serde_json::json!({
        "room": "a", "position": "2.0002", "prev": "1.0001", "n": 2, "at": 17, "nonce": "n-0002", "body": "n-0002",
        "sender": { "id": "ana", "name": "Ana", "kind": "guest" },
    });
    assert_eq!(lines[1], expected);
    assert_eq!(lines[1_200]["n"], 1_201);
    let odd =
        serde_json::json!({ "room": "b\"1", "position": "1.odd", "prev": "0", "n": 1, "record": "z 1" });
    assert_eq!(lines[1_201], odd);
}
