//! Connections between the parts are cut, silenced, overrun, torn.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use testkit::{NodeProcess, RedisOptions, RedisServer};
use tokio::{task::block_in_place, time::sleep};

use super::redis::ms;
use crate::{
    proxy::Weather,
    report::Figures,
    world::{World, metric},
};

const PATIENCE: Duration = Duration::from_secs(40);

/// F5
pub(super) async fn silenced(world: &mut World, figures: &mut Figures) -> Result<()> {
    world.stage.take_p99();
    world.proxies[0].set(Weather::Silent);
    let node = &world.nodes[0];
    let unready = || block_in_place(|| node.get("/readyz").is_ok_and(|(code, _)| code == 503));
    let detected = world.until("the cut-off node is not ready", PATIENCE, unready).await?;
    figures.in_time("noticed after", ms(detected), 10_000);
    let others: Vec<_> = (1..world.nodes.len()).collect();
    world.flows_on(&others, PATIENCE).await?;
    sleep(Duration::from_secs(if world.size.short { 5 } else { 15 })).await;
    world.proxies[0].set(Weather::Clear);
    let healed = world.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F5b: the connection that receives leads to a replica, which then follows nobody any more. It answers pings, and
/// what the node publishes does not arrive there.
pub(super) async fn deaf(world: &mut World, figures: &mut Figures) -> Result<()> {
    let replica =
        block_in_place(|| RedisServer::with(RedisOptions::default().line("repl-diskless-sync-delay", "0")))?;
    block_in_place(|| replica.follow(world.redis()?.port()))?;
    world.proxies[0].turn_aside(Some(replica.port()));
    let before = metric(world.stage.nodes[0], "generations");
    world.proxies[0].set(Weather::Cut);
    let unready = || !ready(&world.nodes[0]);
    world.until("the node is cut off for a moment", PATIENCE, unready).await?;
    world.proxies[0].set(Weather::Clear);
    let back = || ready(&world.nodes[0]) && metric(world.stage.nodes[0], "generations") > before;
    world.until("the node receives through the replica", PATIENCE, back).await?;
    world.flows(PATIENCE).await?;
    let there = block_in_place(|| replica.command(&["PUBSUB", "CHANNELS"]))?.lines().count();
    figures.must("the node has subscribed at the replica: else the fault does not bite", there > 2);

    let others: Vec<_> = (1..world.nodes.len()).collect();
    let before: Vec<_> = others.iter().map(|node| metric(world.stage.nodes[*node], "generations")).collect();
    block_in_place(|| replica.command(&["REPLICAOF", "NO", "ONE"]))?;
    let detected = world.until("the deaf node is not ready", PATIENCE, unready).await?;
    // Two rounds of the probe, one every 2 s, and what the second may take.
    figures.in_time("noticed after", ms(detected), 7_000);
    world.stage.take_p99();
    world.flows_on(&others, PATIENCE).await?;
    for _ in 0..if world.size.short { 15 } else { 75 } {
        sleep(Duration::from_millis(200)).await;
        figures.must("the deaf node stays not ready", unready());
        figures.must("the others stay ready", others.iter().all(|node| ready(&world.nodes[*node])));
    }
    let after: Vec<_> = others.iter().map(|node| metric(world.stage.nodes[*node], "generations")).collect();
    figures.must("the others were not interrupted", before == after);
    figures.note(format!("p99 of those who still heard {} ms", world.stage.take_p99()));
    world.proxies[0].turn_aside(None);
    let healed = world.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    world.until("the node is ready again", PATIENCE, || ready(&world.nodes[0])).await?;
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

fn ready(node: &NodeProcess) -> bool {
    block_in_place(|| node.get("/readyz").is_ok_and(|(code, _)| code == 200))
}

/// F21
pub(super) async fn overrun(world: &mut World, figures: &mut Figures) -> Result<()> {
    let limit = ["CONFIG", "SET", "client-output-buffer-limit", "pubsub 256kb 64kb 2"];
    block_in_place(|| world.redis()?.command(&limit))?;
    let before = world.metric("generations");
    world.stage.body_bytes.store(16_000, Relaxed);
    // More than the kernel keeps for Redis, and per room more than an outbox holds.
    world.load.set_rate(world.size.rate.max(100) * 3);
    world.proxies[0].set(Weather::Silent);
    world.nodes[0].pause()?;
    sleep(Duration::from_secs(6)).await;
    world.load.set_rate(world.size.rate);
    world.stage.body_bytes.store(24, Relaxed);
    world.proxies[0].set(Weather::Clear);
    world.nodes[0].resume()?;
    let healed = world.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    sleep(Duration::from_secs(2)).await;
    let interrupted = world.metric("generations") - before;
    figures.note(format!("{interrupted} interruptions, {} repairs", world.metric("repairs")));
    figures.must("Redis closed the connection: else the fault did not bite", interrupted > 0);
    Ok(())
}

/// F22
pub(super) async fn subscribers_killed(world: &mut World, figures: &mut Figures) -> Result<()> {
    let rounds = if world.size.short { 20 } else { 120 };
    let mut killed = 0u64;
    let before = subscriptions(world)?;
    let (all, served): (u64, _) = (before.iter().sum(), world.metric("rooms"));
    figures.must(&format!("{served} rooms of nodes are {all} subscriptions"), all == served && all > 0);
    for _ in 0..rounds {
        sleep(Duration::from_millis(500)).await;
        let count = block_in_place(|| world.redis()?.command(&["CLIENT", "KILL", "TYPE", "pubsub"]))?;
        killed += count.parse::<u64>().unwrap_or(0);
    }
    figures.note(format!("{killed} connections killed"));
    figures.must("connections were killed: else the fault did not bite", killed > 0);
    let ended = Instant::now();
    while subscriptions(world)? != before {
        ensure!(ended.elapsed() < PATIENCE, "not all subscriptions came back");
        sleep(Duration::from_millis(20)).await;
    }
    figures.in_time(&format!("{all} subscriptions right after"), ms(ended.elapsed()), 2_000);
    let healed = world.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 5_000);
    sleep(Duration::from_secs(2)).await;
    figures.note(format!("{} repairs", world.metric("repairs")));
    Ok(())
}

/// How many nodes have subscribed to each room.
fn subscriptions(world: &mut World) -> Result<Vec<u64>> {
    let channels = world.channels();
    let mut ask = vec!["PUBSUB", "NUMSUB"];
    ask.extend(channels.iter().map(String::as_str));
    let counts = block_in_place(|| world.redis()?.command(&ask))?;
    Ok(counts.lines().skip(1).step_by(2).map(str::parse).collect::<Result<_, _>>()?)
}

/// F30
pub(super) async fn torn(world: &mut World, figures: &mut Figures) -> Result<()> {
    let rounds = if world.size.short { 160 } else { 600 };
    let mut random = fastrand::Rng::with_seed(world.size.seed);
    for _ in 0..rounds {
        sleep(Duration::from_millis(50)).await;
        world.tear(random.usize(..world.size.clients));
    }
    world.settle(PATIENCE).await?;
    figures.note(format!("{rounds} resets"));
    figures.in_time("longest away", world.stage.take_away(), 5_000);
    let (ring, log) = (world.metric("resumes_ring"), world.metric("resumes_log"));
    figures.note(format!("resumes: {ring} from memory, {log} from the history"));
    Ok(())
}
