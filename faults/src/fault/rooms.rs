//! Very many rooms, of which most are quiet.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use shared::{
    command::{self, Command},
    event::Reply,
    text::Room,
};
use testkit::{Connection, Data};
use tokio::{task::block_in_place, time::sleep};

use super::redis::ms;
use crate::{
    light_clients::LightClients,
    proxy::ProxyMode,
    report::Figures,
    testbed::{TestBed, resident},
};

const PATIENCE: Duration = Duration::from_secs(40);

/// For everybody to get into their rooms.
const ENTER: Duration = Duration::from_secs(600);

/// Rooms that somebody says something in afterwards.
const SAMPLE: usize = 200;

/// F11: the rooms of the load, which clients of all nodes are in, and all others, each on one node.
pub(super) async fn many(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let total = if bed.options.short { 6_000 } else { 100_000 };
    let (nodes, first) = (bed.nodes.len(), bed.rooms.len());
    let before: Vec<_> = bed.nodes.iter().map(resident).collect();
    let mut clients = LightClients::default();
    for node in 0..nodes {
        let rooms: Vec<_> = (first..total).filter(|room| room % nodes == node).collect();
        for some in rooms.chunks(500) {
            let some = some.iter().map(|room| name(*room)).collect::<Result<_>>()?;
            clients.add(bed.state.nodes[node], some);
        }
    }
    let quiet = u64::try_from(total - first)?;
    let counts = clients.counts.clone();
    let entered = bed
        .until("everybody in their rooms", ENTER, || {
            counts.rooms.load(Relaxed) == quiet || counts.ended.load(Relaxed) > 0
        })
        .await?;
    figures.note(format!(
        "{total} rooms, {} light clients, in after {} s",
        clients.count(),
        entered.as_secs()
    ));
    let grown = bed.nodes.iter().zip(&before).map(|(node, before)| resident(node).saturating_sub(*before));
    let each = grown.max().unwrap_or(0) * 1024 * u64::try_from(nodes)? / quiet;
    figures.at_most("memory of a node per room", each, 4096, " bytes");
    // Those of the rooms, of each node, and of all nodes.
    let expected = total + nodes + 1;
    figures.must("every room has its channel", channels(bed)? == expected);

    block_in_place(|| bed.redis()?.kill())?;
    sleep(Duration::from_secs(if bed.options.short { 2 } else { 5 })).await;
    block_in_place(|| bed.redis()?.restart(Data::Kept))?;
    let back = Instant::now();
    let mut count = 0;
    while count != expected && back.elapsed() < PATIENCE {
        sleep(Duration::from_millis(50)).await;
        count = channels(bed)?;
    }
    figures.in_time("all channels again after", ms(back.elapsed()), 15_000);
    figures.must(&format!("{expected} channels again, not {count}"), count == expected);
    figures.in_time("messages on every node after", ms(bed.flows(PATIENCE).await?), 15_000);
    let names = block_in_place(|| bed.redis()?.command(&["PUBSUB", "CHANNELS", "hubbub:{room%20*}:live"]))?;
    figures.must("each channel is that of a room", names.lines().count() == total);

    let mut random = fastrand::Rng::with_seed(bed.options.seed);
    let some: Vec<_> = (0..SAMPLE).map(|_| random.usize(first..total)).collect();
    let all = speak(bed, &some, &clients).await?;
    heard(bed, &clients, all, figures).await?;
    if nodes > 1 {
        missed(bed, total, &clients, figures).await?;
    }
    let most = bed.nodes.iter().map(resident).max().unwrap_or(0);
    figures.note(format!("{} repairs; largest node {} MiB", bed.metric("repairs"), most / 1024));
    figures.at_most("light clients thrown out", counts.ended.load(Relaxed), 0, "");
    figures.at_most("losses told", counts.lost.load(Relaxed) + bed.state.told.load(Relaxed), 0, "");
    Ok(())
}

/// One node is cut off, silently. What is said meanwhile in its quiet rooms, and nothing after it, is found by comparing
/// the newest positions of all its rooms.
async fn missed(bed: &TestBed, total: usize, clients: &LightClients, figures: &mut Figures) -> Result<()> {
    bed.proxies[0].set(ProxyMode::Stall);
    let unready = || block_in_place(|| bed.nodes[0].get("/readyz").is_ok_and(|(code, _)| code == 503));
    bed.until("the cut-off node is not ready", PATIENCE, unready).await?;
    let mut random = fastrand::Rng::with_seed(bed.options.seed + 1);
    let (nodes, first) = (bed.nodes.len(), bed.rooms.len());
    let some = std::iter::repeat_with(|| random.usize(first..total)).filter(|room| room % nodes == 0);
    let some: Vec<_> = some.take(SAMPLE).collect();
    let all = speak(bed, &some, clients).await?;
    bed.proxies[0].set(ProxyMode::Pass);
    let took = heard(bed, clients, all, figures).await?;
    figures.in_time("what a node had missed in quiet rooms heard after", ms(took), 15_000);
    Ok(())
}

/// Says something in each of these quiet rooms, on another node than whoever is in there. Answers how many messages
/// will then have been heard.
async fn speak(bed: &TestBed, rooms: &[usize], clients: &LightClients) -> Result<u64> {
    let nodes = bed.nodes.len();
    let mut connections = Vec::new();
    for node in &bed.state.nodes {
        let mut connection = Connection::v1(*node).await?;
        // Where nothing is said, nobody has to be let in.
        connection.send(1, Command::Hello(command::Hello { name: "Speaker".parse()?, token: None })).await?;
        connections.push(connection);
    }
    let before = clients.counts.messages.load(Relaxed);
    for (said, room) in rooms.iter().enumerate() {
        let nonce = format!("sample-{said}").parse()?;
        let send =
            Command::Send(command::Send { room: name(*room)?, nonce, body: "Is somebody here?".parse()? });
        match connections[(room + 1) % nodes].request(u64::try_from(said)? + 2, send).await? {
            Reply::Sent(_) => {}
            other => bail!("a message was answered with {other:?}"),
        }
    }
    Ok(before + u64::try_from(rooms.len())?)
}

/// Waits until so many messages have been heard, and not more.
async fn heard(bed: &TestBed, clients: &LightClients, all: u64, figures: &mut Figures) -> Result<Duration> {
    let heard = || clients.counts.messages.load(Relaxed) >= all;
    let took = bed.until("every message in a quiet room is heard", PATIENCE, heard).await?;
    sleep(Duration::from_millis(500)).await;
    figures.must("messages in quiet rooms are heard once", clients.counts.messages.load(Relaxed) == all);
    Ok(took)
}

fn name(room: usize) -> Result<Room> {
    Ok(format!("room {room}").parse()?)
}

/// Channels with a subscriber, as Redis counts them.
fn channels(bed: &mut TestBed) -> Result<usize> {
    let stats = block_in_place(|| bed.redis()?.command(&["INFO", "stats"]))?;
    let count = stats.lines().find_map(|line| line.strip_prefix("pubsub_channels:"));
    Ok(count.context("Redis does not count channels")?.trim().parse()?)
}
