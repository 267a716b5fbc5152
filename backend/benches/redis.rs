//! What a message costs Redis: `cargo bench -p backend --bench redis -- [--append-only always|everysec]`.
//!
//! A redis-server of its own, which keeps nothing on disk unless told to; messages go through the broker as a node
//! sends them. Processor time is Redis's own (`INFO cpu`), less what it spends on this node while nothing is said.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a table for people")]

use std::time::{Duration, Instant};

use backend::broker::{
    Broker, Draft, Record,
    redis::{RedisSettings, connect},
    room,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use shared::{
    person::{Sender, SenderKind},
    text::{Body, Room},
};
use testkit::{RedisOptions, RedisServer};
use tokio::time::{sleep, timeout};

/// For how long each rate is measured.
const MEASURE: Duration = Duration::from_secs(4);

/// No single step takes longer.
const STEP: Duration = Duration::from_secs(120);

/// Rooms whose memory is measured.
const ROOMS: usize = 10_000;

/// Nonces whose memory is measured.
const NONCES: usize = 100_000;

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--append-only").skip(1);
    let append_only = match arguments.next().as_deref() {
        Some("always") => Some("always"),
        Some("everysec") => Some("everysec"),
        _ => None,
    };
    let server = RedisServer::with(RedisOptions { append_only, ..RedisOptions::default() }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        println!(
            "messages of 200 bytes, each waiting for its answer; on disk: {}",
            append_only.unwrap_or("no")
        );
        println!(
            "{:>6} {:>8} {:>12} {:>20} {:>18} {:>10} {:>10}",
            "rooms", "waiting", "messages/s", "Redis CPU/message", "script/message", "p50", "p99"
        );
        for rooms in [1, 500] {
            for waiting in [1, 16, 256] {
                timeout(STEP, rate(&server, rooms, waiting)).await.unwrap();
            }
        }
        timeout(STEP, memory(&server)).await.unwrap();
    });
}

async fn open(server: &RedisServer, prefix: &str) -> Broker {
    let settings = RedisSettings { url: server.url(), prefix: prefix.to_owned(), ..RedisSettings::default() };
    let broker = connect(&settings).unwrap();
    let mut health = broker.core.health();
    timeout(STEP, health.wait_for(|health| health.ready)).await.unwrap().unwrap();
    broker
}

async fn publish(broker: Broker, room: String, number: usize) -> Duration {
    let started = Instant::now();
    let sender = Sender {
        id: "uAAAAAAAAAAAAAAAA".parse().unwrap(),
        name: "Ana".parse().unwrap(),
        kind: SenderKind::Guest,
    };
    let nonce = format!("nonce-{number:010}").parse().unwrap();
    let record = Record::message(1_700_000_000_000, &sender, &nonce, &Body::parse(&"x".repeat(200)).unwrap());
    let draft = Draft { sender: sender.id, nonce, counts: true, amends: None, rights: 0, record };
    broker.core.publish(&Room::parse(&room).unwrap(), draft).await.unwrap();
    started.elapsed()
}

/// A figure of `INFO`, found by the words before it.
fn info(server: &RedisServer, section: &str, before: &str) -> f64 {
    let text = server.command(&["INFO", section]).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(before));
    value.map_or(0.0, |value| value.split(',').next().unwrap().trim().parse().unwrap())
}

/// Processor time that Redis has used, in seconds.
fn cpu(server: &RedisServer) -> f64 {
    info(server, "cpu", "used_cpu_sys:") + info(server, "cpu", "used_cpu_user:")
}

fn memory_used(server: &RedisServer) -> f64 {
    info(server, "memory", "used_memory:")
}

async fn rate(server: &RedisServer, rooms: usize, waiting: usize) {
    let prefix = format!("rate-{rooms}-{waiting}:");
    let broker = open(server, &prefix).await;
    let room = |number: usize| format!("room {}", number % rooms);
    // The first messages make the rooms.
    for number in 0..rooms.max(waiting) {
        publish(broker.clone(), room(number), number).await;
    }
    let (idle, quiet) = (cpu(server), Instant::now());
    sleep(Duration::from_secs(2)).await;
    let idle = (cpu(server) - idle) / quiet.elapsed().as_secs_f64();

    server.command(&["CONFIG", "RESETSTAT"]).unwrap();
    let (before, started) = (cpu(server), Instant::now());
    let mut number = 10_000;
    let mut answers = FuturesUnordered::new();
    for _ in 0..waiting {
        answers.push(publish(broker.clone(), room(number), number));
        number += 1;
    }
    let mut times = Vec::new();
    while let Some(time) = answers.next().await {
        times.push(time);
        if started.elapsed() < MEASURE {
            answers.push(publish(broker.clone(), room(number), number));
            number += 1;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let used = cpu(server) - before - idle * seconds;
    // With the probes' own calls, two in these seconds.
    let text = server.command(&["INFO", "commandstats"]).unwrap();
    let scripts = text.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:")).unwrap();
    let script: f64 = scripts.split("usec=").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    broker.core.close().await;
    times.sort_unstable();
    let count = f64::from(u32::try_from(times.len()).unwrap());
    println!(
        "{rooms:>6} {waiting:>8} {:>12.0} {:>17.1} µs {:>15.1} µs {:>10.2?} {:>10.2?}",
        count / seconds,
        used * 1e6 / count,
        script / count,
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}

async fn many(broker: &Broker, count: usize, room: impl Fn(usize) -> String) {
    let mut sent = futures_util::stream::iter(0..count)
        .map(|number| publish(broker.clone(), room(number), number))
        .buffer_unordered(256);
    while sent.next().await.is_some() {}
}

async fn memory(server: &RedisServer) {
    server.command(&["FLUSHALL"]).unwrap();
    let broker = open(server, "memory:").await;
    many(&broker, 256, |_| "warm".to_owned()).await;

    let before = memory_used(server);
    many(&broker, ROOMS, |number| format!("room {number}")).await;
    let with = memory_used(server);
    let forget = "local keys = redis.call('KEYS', 'memory:{room*:nonce:*') \
        for _, key in ipairs(keys) do redis.call('DEL', key) end return #keys";
    assert_eq!(server.command(&["EVAL", forget, "0"]).unwrap(), ROOMS.to_string());
    // The tables shrink a moment later.
    sleep(Duration::from_secs(3)).await;
    let without = memory_used(server);
    let each = |bytes: f64, count: usize| bytes / f64::from(u32::try_from(count).unwrap());
    println!("memory of a room with one message of 200 bytes, over {ROOMS} rooms:");
    println!(
        "{:>10.0} bytes with the nonce, {:.0} once it is forgotten",
        each(with - before, ROOMS),
        each(without - before, ROOMS)
    );
    for (what, key) in [("stream", "memory:{room%207}:log"), ("head", "memory:{room%207}:head")] {
        println!("{:>10} bytes of it are the {what}", server.command(&["MEMORY", "USAGE", key]).unwrap());
    }

    // A room that keeps one message grows by nothing but its nonces.
    let small = Room::parse("small").unwrap();
    room::change(&*broker.state, &small, |record| record.keep = Some(1)).await.unwrap();
    many(&broker, 256, |_| "small".to_owned()).await;
    let before = memory_used(server);
    let mut sent = futures_util::stream::iter(256..NONCES + 256)
        .map(|number| publish(broker.clone(), "small".to_owned(), number))
        .buffer_unordered(256);
    while sent.next().await.is_some() {}
    let used = memory_used(server) - before;
    println!("memory of a nonce, over {NONCES}: {:.0} bytes", each(used, NONCES));
    broker.core.close().await;
}
