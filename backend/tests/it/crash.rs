//! The embedded store, killed again and again while it writes.

use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use backend::broker::{
    Anchor, Broker, StoredEntry,
    embedded::{EmbeddedSettings, Store},
};
use shared::text::{Position, Room};

use crate::conformance::{assert_chain, draft, nonces, read, room};

const KILLS: usize = 100;
const ROOMS: usize = 4;
const SENDERS: usize = 16;

/// How the test tells its other half where the file is, and which round it is.
const FILE: &str = "HUBBUB_TEST_CRASH_FILE";
const ROUND: &str = "HUBBUB_TEST_CRASH_ROUND";

fn open(path: &Path) -> Arc<Store> {
    let settings = EmbeddedSettings {
        path: Some(path.to_owned()),
        history_max: u64::MAX,
        ..EmbeddedSettings::default()
    };
    Store::open(settings).unwrap()
}

fn place(sender: usize) -> (Room, String) {
    (room(&format!("room {}", sender % ROOMS)), format!("s{sender}"))
}

/// The other half: publishes until it is killed, and prints what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of killed_while_writing, which starts it"]
async fn writes_until_killed() {
    let broker = open(Path::new(&std::env::var(FILE).unwrap())).join();
    let round = std::env::var(ROUND).unwrap();
    let writing = (0..SENDERS).map(|sender| {
        let (broker, round) = (broker.clone(), round.clone());
        tokio::spawn(async move {
            let (room, who) = place(sender);
            for number in 0.. {
                let nonce = format!("r{round}-{number}");
                let stored =
                    broker.core.publish(&room, draft(&who, &nonce, "said before the end")).await.unwrap();
                assert!(!stored.duplicate);
                println!("acked {sender} {nonce} {}", stored.position);
            }
        })
    });
    for task in writing.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// What was acknowledged in one life: sender, nonce, position.
type Acked = Vec<(usize, String, Position)>;

/// Runs the other half and kills it `after` its first answer.
fn one_life(path: &Path, round: usize, after: Duration) -> Acked {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writes_until_killed", "--ignored", "--nocapture"])
        .env(FILE, path)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (first, came) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut acked = Vec::new();
        for line in lines.map_while(Result::ok) {
            // A line that the kill cut short has no position, or a part of one.
            let words: Vec<_> = line.split(' ').collect();
            let Some(at) = words.iter().position(|word| *word == "acked") else { continue };
            if let [sender, nonce, position] = words[at + 1..] {
                acked.push((sender.parse().unwrap(), nonce.to_owned(), position.parse().unwrap()));
                first.send(()).ok();
            }
        }
        acked
    });
    let started = came.recv_timeout(Duration::from_secs(60));
    std::thread::sleep(after);
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    started.expect("it never answered");
    reading.join().unwrap()
}

/// The entries after `at`.
async fn since(broker: &Broker, room: &Room, at: Position) -> Vec<StoredEntry> {
    let mut all: Vec<StoredEntry> = Vec::new();
    loop {
        let from = Anchor::After(all.last().map_or(&at, |entry| &entry.position).clone());
        let run = read(broker, room, from, 1_000).await;
        assert!(run.found, "{room:?} lost {at:?}");
        all.extend(run.entries);
        if !run.newer {
            assert!(all.first().is_none_or(|entry| entry.prev == at));
            assert_chain(&all);
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    let mut heads: HashMap<Room, Position> = HashMap::new();
    let mut opened = Vec::new();
    let mut all_acked = 0;
    for round in 0..KILLS {
        let after = Duration::from_millis(u64::try_from(round * 37 % 120).unwrap());
        let (file, life) = (path.clone(), round);
        let acked = tokio::task::spawn_blocking(move || one_life(&file, life, after)).await.unwrap();
        all_acked += acked.len();

        let before = Instant::now();
        let broker = open(&path).join();
        opened.push(before.elapsed());
        // The last answer of each sender is known as a repetition, the one after it is stored now if it was not.
        let last: HashMap<_, _> = acked.iter().map(|(sender, nonce, at)| (*sender, (nonce, at))).collect();
        for (sender, (nonce, position)) in last {
            let (room, who) = place(sender);
            let again = broker.core.publish(&room, draft(&who, nonce, "again")).await.unwrap();
            assert_eq!((&again.position, again.duplicate), (position, true));
            let (life, number) = nonce.split_once('-').unwrap();
            let next = format!("{life}-{}", number.parse::<u64>().unwrap() + 1);
            broker.core.publish(&room, draft(&who, &next, "said before the end")).await.unwrap();
        }
        for index in 0..ROOMS {
            let (room, _) = place(index);
            let head = heads.remove(&room).unwrap_or_else(Position::start);
            let new = since(&broker, &room, head.clone()).await;
            let positions: HashSet<_> = new.iter().map(|entry| entry.position.clone()).collect();
            for (sender, nonce, position) in acked.iter().filter(|(sender, ..)| place(*sender).0 == room) {
                assert!(positions.contains(position), "{nonce} of {sender} was acknowledged and is gone");
            }
            heads.insert(room, new.last().map_or(head, |entry| entry.position.clone()));
        }
        broker.core.close().await;
    }
    let broker = open(&path).join();
    for room in heads.keys() {
        let all = since(&broker, room, Position::start()).await;
        let senders = all.iter().map(|entry| entry.message().unwrap().sender.id);
        let said: HashSet<_> = senders.zip(nonces(&all)).collect();
        assert_eq!(said.len(), all.len(), "something is there twice");
        assert_eq!(all.last().unwrap().n, all.len() as u64);
    }
    opened.sort_unstable();
    let size = std::fs::metadata(&path).unwrap().len() / 1_000_000;
    println!(
        "{KILLS} kills, {all_acked} acknowledged, {size} MB; opened again in {:?} (median), {:?} (longest)",
        opened[KILLS / 2],
        opened[KILLS - 1]
    );
}
