//! Redis's append-only file cut in the middle of a publish, and Redis started twice on it.
//!
//! Redis starts without the publish that is not whole. Redis 7.0 can leave the beginning of it in the file, write on
//! behind it, and carry it out at the next start: then the stream has an entry between two that follow each other.

use std::{
    fs,
    path::{Path, PathBuf},
};

use backend::broker::{Anchor, Broker, StoredEntry, redis::connect};
use shared::text::{Position, Room};
use testkit::{Data, RedisOptions, RedisServer};

use crate::{
    brokers::redis::settings,
    conformance::{assert_chain, nonces, read, ready, room, say},
};

/// Where a publish is cut: behind the first `bytes` bytes from this word of it on.
const CUTS: [(&str, usize); 14] = [
    ("MULTI", 0),
    ("MULTI", 3),
    ("MULTI", 7),
    ("XADD", 0),
    ("XADD", 2),
    ("XADD", 20),
    ("torn-", 4),
    ("XADD", 150),
    ("SET", 0),
    ("SET", 2),
    ("HSET", 1),
    ("HSET", 40),
    ("EXEC", 0),
    ("EXEC", 5),
];

fn server() -> RedisServer {
    let options = RedisOptions { append_only: Some("always"), ..RedisOptions::default() };
    RedisServer::with(options).unwrap()
}

async fn node(server: &RedisServer) -> Broker {
    let broker = connect(&settings(&server.url(), "torn:")).unwrap();
    ready(&broker, 0).await;
    broker
}

/// The part of the append-only file that is written to.
fn file(server: &RedisServer) -> PathBuf {
    let folder = server.folder().join("appendonlydir");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".incr.aof"));
    files.sort();
    files.pop().unwrap()
}

/// Cuts the file in the publish of the message with this nonce.
fn cut(file: &Path, nonce: &str, (word, bytes): (&str, usize)) {
    let all = fs::read(file).unwrap();
    let find = |from: usize, word: &str| {
        let found = all[from..].windows(word.len()).position(|part| part == word.as_bytes());
        found.unwrap_or_else(|| panic!("no {word} in the publish")) + from
    };
    let said = find(0, nonce);
    let begin = all[..said].windows(5).rposition(|part| part == b"MULTI").unwrap();
    // `SET` is also the end of `HSET`, which comes later.
    let at = find(begin, if word == "torn-" { nonce } else { word });
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len((at + bytes) as u64).unwrap();
}

async fn restart(server: &mut RedisServer, broker: &Broker) {
    let generation = broker.core.health().borrow().generation;
    server.restart(Data::Kept).unwrap();
    ready(broker, generation).await;
}

/// The whole history, read both ways.
async fn history(broker: &Broker, room: &Room) -> Vec<StoredEntry> {
    let back = read(broker, room, Anchor::Newest, 500).await;
    let forth = read(broker, room, Anchor::After(Position::start()), 500).await;
    assert!(!back.older && forth.found, "nothing was trimmed");
    assert_eq!(back.entries, forth.entries);
    assert_chain(&back.entries);
    back.entries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publish_that_is_torn_at_any_byte_changes_no_history() {
    let mut server = server();
    let broker = node(&server).await;
    let (here, there) = (room("here"), room("there"));
    let mut said = vec!["first".to_owned()];
    say(&broker, &here, "first").await.unwrap();
    say(&broker, &there, "first").await.unwrap();
    for (number, place) in CUTS.into_iter().enumerate() {
        let torn = format!("torn-{number:02}");
        say(&broker, &here, &torn).await.unwrap();
        server.kill().unwrap();
        cut(&file(&server), &torn, place);
        restart(&mut server, &broker).await;
        let before = history(&broker, &here).await;
        assert_eq!(nonces(&before), said, "{place:?}: the torn publish is gone");

        // Whatever is written now may end the transaction that was left open.
        let after = format!("after-{number:02}");
        let also = if number % 2 == 0 { &here } else { &there };
        say(&broker, also, &after).await.unwrap();
        restart(&mut server, &broker).await;
        // A publish that comes back behind all others is one that arrives late. One that comes back in between is not
        // shown.
        let mut entries = history(&broker, &here).await;
        if nonces(&entries).last() == Some(&torn) {
            said.push(torn.clone());
        }
        if also == &here {
            said.push(after);
        }
        assert_eq!(nonces(&entries), said, "{place:?}");
        assert_eq!(history(&broker, &there).await[0].prev, Position::start());

        // What is said next follows, wherever a reader comes from.
        let next = format!("next-{number:02}");
        let stored = say(&broker, &here, &next).await.unwrap();
        said.push(next.clone());
        entries = history(&broker, &here).await;
        assert_eq!(nonces(&entries), said, "{place:?}");
        for entry in entries.iter().rev().take(4) {
            let run = read(&broker, &here, Anchor::Through(entry.position.clone()), 1).await;
            assert_eq!(run.entries, std::slice::from_ref(entry), "{place:?}");
            let run = read(&broker, &here, Anchor::After(entry.position.clone()), 9).await;
            let newer = run.entries.last().map_or(&entry.position, |last| &last.position);
            assert_eq!((run.found, newer), (true, &stored.position), "{place:?}");
        }
        // The sender of the torn message, who never heard of it, tries again: it must be there once, and be shown.
        say(&broker, &here, &torn).await.unwrap();
        if !said.contains(&torn) {
            said.push(torn);
        }
        assert_eq!(nonces(&history(&broker, &here).await), said, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_not_in_the_chain_is_no_place_to_go_on_from() {
    let mut server = server();
    let broker = node(&server).await;
    let here = room("here");
    let first = say(&broker, &here, "first").await.unwrap().position;
    let torn = say(&broker, &here, "torn-00").await.unwrap().position;
    server.kill().unwrap();
    cut(&file(&server), "torn-00", ("HSET", 1));
    restart(&mut server, &broker).await;
    let after = say(&broker, &here, "after-00").await.unwrap().position;
    restart(&mut server, &broker).await;
    let stream = server.command(&["XLEN", "torn:{here}:log"]).unwrap();
    if stream.trim() == "2" {
        // A Redis that leaves no open transaction behind. Then there is nothing to find.
        assert!(!server.command(&["INFO", "server"]).unwrap().contains("redis_version:7.0.15"));
        return;
    }
    for from in [Anchor::Through, Anchor::After, Anchor::Around] {
        let from = from(torn.clone());
        assert!(!read(&broker, &here, from.clone(), 9).await.found, "{from:?}");
    }
    let kept = broker.core.first_kept(&here, &[torn, first.clone()]).await.unwrap();
    assert_eq!(kept, Some(first.clone()), "members are told what was lost from there on");
    let run = read(&broker, &here, Anchor::After(first), 9).await;
    assert_eq!(run.entries[0].position, after);
}
