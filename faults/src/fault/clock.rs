//! Wall clocks are stepped. Nothing may be ordered, lost or let in by them.

use std::{
    collections::HashMap,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use shared::{
    command::{self, Command},
    event::{Event, Reply, ServerFrame},
    text::Room,
};
use testkit::{Connection, Received};
use tokio::{
    task::block_in_place,
    time::{sleep, timeout},
};

use super::redis::{Tail, ms};
use crate::{report::Figures, testbed::TestBed};

const PATIENCE: Duration = Duration::from_secs(40);
const HOUR: i64 = 3600;

/// A clock is as wrong as it should be if it is within this, in seconds.
const WITHIN: i64 = 120;

/// F17
pub(super) async fn stepped(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let pause = Duration::from_secs(if bed.options.short { 2 } else { 8 });
    let before = bed.metric("generations");
    let mut slowest = 0;
    for offset in [-HOUR, 0, HOUR, 0] {
        let ids = newest(bed)?;
        bed.redis_preload()?.set_clock(offset)?;
        figures.must("Redis tells the time that it was given", wrong(redis_clock(bed)?, offset));
        slowest = slowest.max(ms(bed.flows(PATIENCE).await?));
        sleep(pause).await;
        let now = newest(bed)?;
        let rose = ids.iter().all(|(room, last)| now.get(room).is_some_and(|later| later.id >= last.id));
        figures.must("ids go on rising", rose && now != ids);
        figures.must("every node is ready", all_ready(bed));
    }
    let offsets = [HOUR, -HOUR];
    for (preload, offset) in bed.preloads.iter().take(bed.nodes.len()).zip(offsets) {
        preload.set_clock(offset)?;
    }
    // Everybody goes on at another node, with a token of the one before.
    for client in 0..bed.options.clients {
        bed.tear(client);
    }
    sleep(Duration::from_millis(300)).await;
    bed.settle(PATIENCE).await?;
    slowest = slowest.max(ms(bed.flows(PATIENCE).await?));
    sleep(pause).await;
    for node in 0..bed.nodes.len() {
        let offset = offsets.get(node).copied().unwrap_or(0);
        let at = said_at(bed, node).await?;
        figures.must(&format!("node {node} tells the time that it was given"), wrong(at, offset));
    }
    tokens(bed, figures).await?;
    figures.must("every node is ready", all_ready(bed));
    figures.in_time("slowest to go on", slowest, 3_000);
    // The leases of all nodes end when Redis's clock goes an hour forward, which it does twice; nothing else may.
    let most = 2 * u64::try_from(bed.nodes.len())?;
    figures.at_most("leases ended or bus interrupted", bed.metric("generations") - before, most, " times");
    figures.at_most("losses told", bed.state.told.load(Relaxed), 0, "");
    Ok(())
}

/// F17b: while the clock is behind the newest id, each id is the one before it plus one, so that what comes after the
/// loss has just the ids of what was lost.
pub(super) async fn ids_again(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    bed.redis_preload()?.set_clock(-HOUR)?;
    figures.must("Redis tells the time that it was given", wrong(redis_clock(bed)?, -HOUR));
    sleep(Duration::from_secs(1)).await;
    let tail = Tail::begin(bed)?;
    sleep(Duration::from_millis(1500)).await;
    let before = newest(bed)?;
    tail.lose(bed, figures).await?;
    let mut again = 0u64;
    for (room, Last { id: (ms, number), field }) in before {
        let id = format!("{ms}-{number}");
        let stream = format!("hubbub:{{room%20{room}}}:log");
        let entry = block_in_place(|| bed.redis()?.command(&["XRANGE", &stream, &id, &id]))?;
        again += u64::from(entry.lines().nth(1).is_some_and(|now| now != field));
    }
    figures.note(format!("in {again} rooms the newest lost id was given to another message"));
    figures.must("ids were given again: else the fault did not bite", again > 0);
    bed.redis_preload()?.set_clock(0)?;
    figures.in_time("flows again after the step forward", ms(bed.flows(PATIENCE).await?), 3_000);
    sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// F17c: the node is killed and started again at each step, too, so that what it kept is read by another clock.
pub(super) async fn stepped_embedded(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let mut slowest = 0;
    for offset in [-HOUR, 0, HOUR, 0] {
        bed.preloads[0].set_clock(offset)?;
        figures.must("the node tells the time that it was given", wrong(said_at(bed, 0).await?, offset));
        slowest = slowest.max(ms(bed.flows(PATIENCE).await?));
        sleep(Duration::from_millis(500)).await;
        block_in_place(|| bed.nodes[0].restart())?;
        block_in_place(|| bed.nodes[0].wait_ready(PATIENCE))?;
        bed.settle(PATIENCE).await?;
        slowest = slowest.max(ms(bed.flows(PATIENCE).await?));
        sleep(Duration::from_millis(500)).await;
    }
    figures.in_time("slowest to go on", slowest, 3_000);
    figures.at_most("losses told", bed.state.told.load(Relaxed), 0, "");
    Ok(())
}

/// The newest entry of a room.
#[derive(Debug, PartialEq, Eq)]
struct Last {
    id: (u64, u64),
    /// The name of its field, which holds the nonce.
    field: String,
}

/// The newest entry of every room that has one.
fn newest(bed: &mut TestBed) -> Result<HashMap<usize, Last>> {
    let mut all = HashMap::new();
    for room in 0..bed.rooms.len() {
        let stream = format!("hubbub:{{room%20{room}}}:log");
        let ask = ["XREVRANGE", &stream, "+", "-", "COUNT", "1"];
        let entry = block_in_place(|| bed.redis()?.command(&ask))?;
        let mut lines = entry.lines();
        let Some((ms, number)) = lines.next().and_then(|id| id.split_once('-')) else { continue };
        let field = lines.next().context("an entry has a field")?.to_owned();
        all.insert(room, Last { id: (ms.parse()?, number.parse()?), field });
    }
    Ok(all)
}

/// What Redis takes for now, in seconds.
fn redis_clock(bed: &mut TestBed) -> Result<i64> {
    let time = block_in_place(|| bed.redis()?.command(&["TIME"]))?;
    Ok(time.lines().next().context("no time")?.parse()?)
}

/// Whether a time is ahead of the right one by so much, in seconds.
fn wrong(told: i64, offset: i64) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).is_ok_and(|now| (told - now - offset).abs() < WITHIN)
}

fn all_ready(bed: &TestBed) -> bool {
    block_in_place(|| bed.nodes.iter().all(|node| node.get("/readyz").is_ok_and(|(code, _)| code == 200)))
}

/// The time that a node gives to a message, in seconds.
async fn said_at(bed: &TestBed, node: usize) -> Result<i64> {
    let mut connection = Connection::v1(bed.state.nodes[node]).await?;
    connection.hello("Watch", None).await?;
    let room: Room = format!("watch {node}").parse()?;
    connection.request(2, Command::Join(command::Join { room: room.clone(), since: None })).await?;
    let nonce = format!("watch-{}", fastrand::u32(..)).parse()?;
    connection.send(3, Command::Send(command::Send { room, nonce, body: "now".parse()? })).await?;
    loop {
        let Received::Frame(frame) = timeout(PATIENCE, connection.receive()).await?? else { bail!("closed") };
        if let ServerFrame::Event(Event::Message(happened)) = *frame {
            let message = happened.entry.message().context("not a message")?;
            return Ok(i64::try_from(message.at / 1000)?);
        }
    }
}

/// Tokens of each node count at each other one, until they are given back at any.
async fn tokens(bed: &TestBed, figures: &mut Figures) -> Result<()> {
    let nodes = &bed.state.nodes;
    for from in 0..nodes.len() {
        for to in 0..nodes.len() {
            let welcome = Connection::v1(nodes[from]).await?.hello("Traveller", None).await?;
            let mut there = Connection::v1(nodes[to]).await?;
            let same = there.hello("Traveller", Some(welcome.token.clone())).await?;
            let what = format!("a token of node {from} counts at node {to}");
            figures.must(&what, same.user == welcome.user && same.refused.is_none());
            let Reply::Forgotten(_) = there.request(2, Command::Forget).await? else {
                bail!("not forgotten")
            };
            for token in [welcome.token, same.token] {
                let after = Connection::v1(nodes[from]).await?.hello("Traveller", Some(token)).await?;
                let what = format!("forgotten at node {to}, a token is worthless at node {from}");
                figures.must(&what, after.user != welcome.user && after.refused.is_some());
            }
        }
    }
    Ok(())
}
