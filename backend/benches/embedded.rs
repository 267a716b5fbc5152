//! What the embedded store costs on this machine's disk: `cargo bench -p backend --bench embedded -- [FOLDER] [--gigabyte]`.
//!
//! The file is made in FOLDER (default: the system's folder for temporary files). Rates depend on how fast the
//! disk syncs.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a table for people")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use backend::broker::{
    Broker, Draft, Record,
    embedded::{EmbeddedSettings, Store},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use shared::{
    person::{Sender, SenderKind},
    text::{Body, Room},
};

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let folder = arguments.iter().find(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let folder = tempfile::tempdir_in(folder.unwrap_or_else(std::env::temp_dir)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        println!("durable messages of 200 bytes in 500 rooms, each waiting for its answer");
        println!("{:>8} {:>12} {:>18} {:>10} {:>10}", "waiting", "messages/s", "bytes/message", "p50", "p99");
        for waiting in [1, 16, 256] {
            rate(&folder.path().join(format!("rate-{waiting}.redb")), waiting).await;
        }
        println!("opening a file after a crash; every message is of the last ten minutes");
        let mut sizes = vec![10, 100];
        if arguments.iter().any(|argument| argument == "--gigabyte") {
            sizes.push(1_000);
        }
        for megabytes in sizes {
            reopen(folder.path(), megabytes).await;
        }
    });
}

fn open(path: &Path) -> Arc<Store> {
    Store::open(EmbeddedSettings { path: Some(path.to_owned()), ..EmbeddedSettings::default() }).unwrap()
}

fn draft(number: usize, bytes: usize) -> (Room, Draft) {
    let sender = Sender { id: "ana".parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
    let nonce = format!("nonce-{number:010}").parse().unwrap();
    let record = Record::message(1, &sender, &nonce, &Body::parse(&"x".repeat(bytes)).unwrap());
    let room = Room::parse(&format!("room {}", number % 500)).unwrap();
    (room, Draft { sender: sender.id, nonce, counts: true, amends: None, rights: 0, record })
}

/// Bytes that this process caused to be written to the disk; 0 where the system does not tell.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or_default()
}

async fn publish(broker: Broker, number: usize, bytes: usize) -> Duration {
    let started = Instant::now();
    let (room, draft) = draft(number, bytes);
    broker.core.publish(&room, draft).await.unwrap();
    started.elapsed()
}

async fn rate(path: &Path, waiting: usize) {
    let broker = open(path).join();
    let before = written();
    let started = Instant::now();
    let mut answers: FuturesUnordered<_> =
        (0..waiting).map(|number| publish(broker.clone(), number, 200)).collect();
    let mut number = waiting;
    let mut times = Vec::new();
    while let Some(time) = answers.next().await {
        times.push(time);
        if started.elapsed() < Duration::from_secs(5) {
            answers.push(publish(broker.clone(), number, 200));
            number += 1;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    broker.core.close().await;
    times.sort_unstable();
    let count = u32::try_from(times.len()).unwrap();
    println!(
        "{waiting:>8} {:>12.0} {:>18} {:>10.2?} {:>10.2?}",
        f64::from(count) / seconds,
        (written() - before) / u64::from(count),
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}

async fn reopen(folder: &Path, megabytes: u64) {
    let path = folder.join("full.redb");
    let broker = open(&path).join();
    let mut number = 0;
    while std::fs::metadata(&path).unwrap().len() < megabytes * 1_000_000 {
        let answers: Vec<_> =
            (0..2_000).map(|ahead| publish(broker.clone(), number + ahead, 1_000)).collect();
        futures_util::future::join_all(answers).await;
        number += 2_000;
    }
    // A copy of the open file is what a crash leaves. Synced, or opening it would pay for the copying.
    let crashed = folder.join("crashed.redb");
    std::fs::copy(&path, &crashed).unwrap();
    std::fs::File::open(&crashed).unwrap().sync_all().unwrap();
    let size = std::fs::metadata(&crashed).unwrap().len();
    broker.core.close().await;
    let started = Instant::now();
    let store = open(&crashed);
    let crash = started.elapsed();
    // The first message to each room reads the room's recent nonces.
    let broker = store.join();
    let started = Instant::now();
    let first = publish(broker.clone(), 1, 10).await;
    let rest: Vec<_> = (0..500).map(|number| publish(broker.clone(), number, 10)).collect();
    futures_util::future::join_all(rest).await;
    let rooms = started.elapsed();
    store.close();
    drop((broker, store));
    let started = Instant::now();
    drop(open(&crashed));
    let clean = started.elapsed();
    println!(
        "{:>8} MB {number:>8} messages: {crash:.2?} (then the first message in {first:.2?}, one to each of 500 rooms \
         in {rooms:.2?}), after a clean end {clean:.2?}",
        size / 1_000_000
    );
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(&crashed).unwrap();
}
