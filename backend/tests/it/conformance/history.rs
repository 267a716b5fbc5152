//! What reading promises.

use backend::broker::{Anchor, Run, StoredEntry, export::export};
use shared::text::{Position, Room};

use super::{Fixture, assert_chain, draft, read, room, say, say_many};

pub(crate) async fn pages(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("general");
    let entries = say_many(&broker, &room, 100).await;
    let at = |index: usize| entries[index].position.clone();
    for (from, limit, wanted, older, newer) in [
        (Anchor::Newest, 10, 90..100, true, false),
        (Anchor::Newest, 100, 0..100, false, false),
        (Anchor::Newest, 500, 0..100, false, false),
        (Anchor::Newest, 1, 99..100, true, false),
        (Anchor::Through(at(99)), 5, 95..100, true, false),
        (Anchor::Through(at(49)), 5, 45..50, true, true),
        (Anchor::Through(at(4)), 5, 0..5, false, true),
        (Anchor::Through(at(0)), 5, 0..1, false, true),
        (Anchor::Before(at(99)), 70, 29..99, true, true),
        (Anchor::Before(at(5)), 5, 0..5, false, true),
        (Anchor::Before(at(6)), 5, 1..6, true, true),
        (Anchor::After(at(0)), 70, 1..71, true, true),
        (Anchor::After(at(94)), 5, 95..100, true, false),
        (Anchor::After(at(93)), 5, 94..99, true, true),
        (Anchor::After(Position::start()), 5, 0..5, false, true),
        (Anchor::After(Position::start()), 100, 0..100, false, false),
    ] {
        let run = read(&broker, &room, from.clone(), limit).await;
        let wanted = Run { entries: entries[wanted].to_vec(), found: true, older, newer };
        assert_eq!(run, wanted, "{from:?} {limit}");
    }
    let before_all = read(&broker, &room, Anchor::Before(at(0)), 5).await;
    assert!(before_all.found && before_all.entries.is_empty() && !before_all.older);
    let after_all = read(&broker, &room, Anchor::After(at(99)), 5).await;
    assert!(after_all.found && after_all.entries.is_empty() && !after_all.newer);
    for (index, limit) in [(50, 1), (50, 2), (50, 9), (0, 9), (99, 9), (3, 200)] {
        let run = read(&broker, &room, Anchor::Around(at(index)), limit).await;
        assert!(run.found && run.entries.len() <= limit);
        assert_chain(&run.entries);
        assert!(run.entries.contains(&entries[index]), "around {index}, {limit}");
        assert_eq!(run.older, run.entries[0] != entries[0], "around {index}, {limit}");
        assert_eq!(run.newer, run.entries.last() != entries.last(), "around {index}, {limit}");
        if index == 50 {
            assert_eq!(run.entries.len(), limit, "in the middle there are enough");
            let before = run.entries.iter().position(|entry| *entry == entries[50]).unwrap();
            assert!(before.abs_diff(limit - 1 - before) <= 1, "in the middle of its neighbours");
        }
    }
}

pub(crate) async fn lost_anchor(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("general");
    let entries = say_many(&broker, &room, 10).await;
    let mut forged: Vec<_> = entries.iter().map(|entry| changed(&entry.position)).collect();
    forged.push(Position::parse("never").unwrap());
    for position in forged {
        for from in [Anchor::Through, Anchor::Before, Anchor::After, Anchor::Around] {
            let from = from(position.clone());
            assert_eq!(read(&broker, &room, from.clone(), 5).await, Run::default(), "{from:?}");
        }
    }
}

/// A position that only its last character tells from another one.
fn changed(position: &Position) -> Position {
    let mut text = position.as_str().to_owned();
    let last = text.pop();
    text.push(if last == Some('0') { '1' } else { '0' });
    Position::parse(&text).unwrap()
}

pub(crate) async fn start_of_an_empty_room(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let run = read(&broker, &room("nobody"), Anchor::After(Position::start()), 5).await;
    assert_eq!(run, Run { found: true, ..Run::default() });
}

pub(crate) async fn the_start_of_a_room(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let (empty, full) = (room("nobody"), room("general"));
    let entries = say_many(&broker, &full, 3).await;
    for from in [Anchor::Before, Anchor::Through, Anchor::Around] {
        let from = from(Position::start());
        let run = read(&broker, &empty, from.clone(), 5).await;
        assert_eq!(run, Run { found: true, ..Run::default() }, "{from:?}");
    }
    for from in [Anchor::Before, Anchor::Through] {
        let run = read(&broker, &full, from(Position::start()), 5).await;
        assert_eq!(run, Run { found: true, newer: true, ..Run::default() });
    }
    let run = read(&broker, &full, Anchor::Around(Position::start()), 2).await;
    assert_eq!(run, Run { entries: entries[..2].to_vec(), found: true, older: false, newer: true });
}

pub(crate) async fn start_of_a_trimmed_room(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("busy");
    let first = say(&broker, &room, "first").await.unwrap();
    let mut count = 1;
    while read(&broker, &room, Anchor::After(Position::start()), 1).await.found {
        assert!(count < 5_000, "a room is never trimmed");
        for number in 0..100 {
            broker.core.publish(&room, draft("anna", &format!("n{count}-{number}"), "x")).await.unwrap();
        }
        count += 100;
    }
    let last = broker.core.publish(&room, draft("anna", "last", "x")).await.unwrap();
    assert_eq!(last.n, Some(count + 1), "the running number goes on");
    assert!(!read(&broker, &room, Anchor::Through(first.position.clone()), 5).await.found);
    let kept = everything(&broker, &room).await;
    assert!(kept.len() as u64 >= super::HISTORY_MAX, "only {} entries are kept", kept.len());
    assert_eq!(kept.last().unwrap().position, last.position);
    let oldest = read(&broker, &room, Anchor::Through(kept[0].position.clone()), 5).await;
    assert_eq!((oldest.entries.len(), oldest.older), (1, false));
    assert_eq!(broker.core.heads(&[room]).await.unwrap(), [last.position]);
}

/// The whole history, read backwards.
async fn everything(broker: &backend::broker::Broker, room: &Room) -> Vec<StoredEntry> {
    let mut run = read(broker, room, Anchor::Newest, 70).await;
    let mut all = run.entries.clone();
    while run.older {
        run = read(broker, room, Anchor::Before(all[0].position.clone()), 70).await;
        assert!(run.found && !run.entries.is_empty());
        all.splice(0..0, run.entries.iter().cloned());
    }
    assert_chain(&all);
    all
}

pub(crate) async fn heads_of_many_rooms(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let rooms: Vec<_> = (0..1200).map(|number| room(&format!("room {number}"))).collect();
    let saying = rooms.iter().step_by(3).map(|room| broker.core.publish(room, draft("anna", "n", "x")));
    let said = futures_util::future::join_all(saying.collect::<Vec<_>>()).await;
    let heads = broker.core.heads(&rooms).await.unwrap();
    assert_eq!(heads.len(), rooms.len());
    for (index, head) in heads.into_iter().enumerate() {
        let wanted =
            if index % 3 == 0 { said[index / 3].clone().unwrap().position } else { Position::start() };
        assert_eq!(head, wanted, "room {index}");
    }
    assert!(broker.core.heads(&[]).await.unwrap().is_empty());
}

pub(crate) async fn first_kept(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("general");
    let entries = say_many(&broker, &room, 5).await;
    let at = |index: usize| entries[index].position.clone();
    for (positions, wanted) in [
        (vec![], None),
        (vec![changed(&at(4))], None),
        (vec![changed(&at(4)), at(2), at(1)], Some(at(2))),
        (vec![at(4), at(2)], Some(at(4))),
        (vec![changed(&at(1)), Position::start()], Some(Position::start())),
    ] {
        assert_eq!(broker.core.first_kept(&room, &positions).await.unwrap(), wanted, "{positions:?}");
    }
    let elsewhere = broker.core.first_kept(&super::room("empty"), &[at(4), Position::start()]).await.unwrap();
    assert_eq!(elsewhere, Some(Position::start()));
}

pub(crate) async fn export_has_every_room(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let names = ["plain", "{}", "%", "a b", "é 🎉", "*"];
    for name in names {
        say_many(&broker, &room(name), 3).await;
    }
    let key = backend::broker::Key::Room(room("without history"));
    broker.state.put(&key, None, bytes::Bytes::new(), None).await.unwrap();
    let mut lines = Vec::new();
    let mut told = Vec::new();
    let exported = export(&broker, &mut lines, |so_far| told.push(so_far)).await.unwrap();
    assert_eq!((exported.rooms, exported.entries), (6, 18));
    assert_eq!(told.last(), Some(&exported));
    let lines: Vec<serde_json::Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for name in names {
        let said: Vec<_> = lines.iter().filter(|line| line["room"] == name).collect();
        let entries = read(&broker, &room(name), Anchor::Newest, 9).await.entries;
        assert_eq!(said.len(), 3, "{name}");
        for (line, entry) in said.iter().zip(&entries) {
            let message = entry.message().unwrap();
            assert_eq!(line["position"], message.position.as_str());
            assert_eq!(line["prev"], message.prev.as_str());
            assert_eq!(line["body"], message.body.as_str());
        }
    }
}

pub(crate) async fn large_entries_come_in_bounded_runs(fixture: &mut impl Fixture) {
    let broker = fixture.broker().await;
    let room = room("novels");
    let text = "\u{1}".repeat(16 * 1024);
    for number in 0..40 {
        broker.core.publish(&room, draft("anna", &format!("n{number}"), &text)).await.unwrap();
    }
    let all = everything(&broker, &room).await;
    assert_eq!(all.len(), 40);
    let run = read(&broker, &room, Anchor::Newest, 100).await;
    let bytes: usize = run.entries.iter().map(|entry| entry.record.wire().len()).sum();
    assert!(run.older && bytes < 3 << 20, "{bytes} bytes at once");
    let mut at = Position::start();
    for entry in &all {
        let run = read(&broker, &room, Anchor::After(at), 100).await;
        assert_eq!(run.entries.first(), Some(entry));
        at = entry.position.clone();
    }
}
