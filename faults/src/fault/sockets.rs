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
    proxy::ProxyMode,
    report::Figures,
    testbed::{TestBed, metric},
};

const PATIENCE: Duration = Duration::from_secs(40);

/// F5
pub(super) async fn silenced(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    bed.state.take_p99();
    bed.proxies[0].set(ProxyMode::Stall);
    let node = &bed.nodes[0];
    let unready = || block_in_place(|| node.get("/readyz").is_ok_and(|(code, _)| code == 503));
    let detected = bed.until("the cut-off node is not ready", PATIENCE, unready).await?;
    figures.in_time("noticed after", ms(detected), 10_000);
    let others: Vec<_> = (1..bed.nodes.len()).collect();
    bed.flows_on(&others, PATIENCE).await?;
    sleep(Duration::from_secs(if bed.options.short { 5 } else { 15 })).await;
    bed.proxies[0].set(ProxyMode::Pass);
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F5b: the connection that receives leads to a replica, which then follows nobody any more. It answers pings, and
/// what the node publishes does not arrive there.
pub(super) async fn deaf(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let replica =
        block_in_place(|| RedisServer::with(RedisOptions::default().line("repl-diskless-sync-delay", "0")))?;
    block_in_place(|| replica.follow(bed.redis()?.port()))?;
    bed.proxies[0].divert_subscribers(Some(replica.port()));
    let before = metric(bed.state.nodes[0], "generations");
    bed.proxies[0].set(ProxyMode::Cut);
    let unready = || !ready(&bed.nodes[0]);
    bed.until("the node is cut off for a moment", PATIENCE, unready).await?;
    bed.proxies[0].set(ProxyMode::Pass);
    let back = || ready(&bed.nodes[0]) && metric(bed.state.nodes[0], "generations") > before;
    bed.until("the node receives through the replica", PATIENCE, back).await?;
    bed.flows(PATIENCE).await?;
    let there = block_in_place(|| replica.command(&["PUBSUB", "CHANNELS"]))?.lines().count();
    figures.must("the node has subscribed at the replica: else the fault does not bite", there > 2);

    let others: Vec<_> = (1..bed.nodes.len()).collect();
    let before: Vec<_> = others.iter().map(|node| metric(bed.state.nodes[*node], "generations")).collect();
    block_in_place(|| replica.command(&["REPLICAOF", "NO", "ONE"]))?;
    let detected = bed.until("the deaf node is not ready", PATIENCE, unready).await?;
    // Two rounds of the probe, one every 2 s, and what the second may take.
    figures.in_time("noticed after", ms(detected), 7_000);
    bed.state.take_p99();
    bed.flows_on(&others, PATIENCE).await?;
    for _ in 0..if bed.options.short { 15 } else { 75 } {
        sleep(Duration::from_millis(200)).await;
        figures.must("the deaf node stays not ready", unready());
        figures.must("the others stay ready", others.iter().all(|node| ready(&bed.nodes[*node])));
    }
    let after: Vec<_> = others.iter().map(|node| metric(bed.state.nodes[*node], "generations")).collect();
    figures.must("the others were not interrupted", before == after);
    figures.note(format!("p99 of those who still heard {} ms", bed.state.take_p99()));
    bed.proxies[0].divert_subscribers(None);
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    bed.until("the node is ready again", PATIENCE, || ready(&bed.nodes[0])).await?;
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

fn ready(node: &NodeProcess) -> bool {
    block_in_place(|| node.get("/readyz").is_ok_and(|(code, _)| code == 200))
}

/// F21
pub(super) async fn overrun(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let limit = ["CONFIG", "SET", "client-output-buffer-limit", "pubsub 256kb 64kb 2"];
    block_in_place(|| bed.redis()?.command(&limit))?;
    let before = bed.metric("generations");
    bed.state.body_bytes.store(16_000, Relaxed);
    // More than the kernel keeps for Redis, and per room more than an outbox holds.
    bed.load.set_rate(bed.options.rate.max(100) * 3);
    bed.proxies[0].set(ProxyMode::Stall);
    bed.nodes[0].pause()?;
    sleep(Duration::from_secs(6)).await;
    bed.load.set_rate(bed.options.rate);
    bed.state.body_bytes.store(24, Relaxed);
    bed.proxies[0].set(ProxyMode::Pass);
    bed.nodes[0].resume()?;
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    sleep(Duration::from_secs(2)).await;
    let interrupted = bed.metric("generations") - before;
    figures.note(format!("{interrupted} interruptions, {} repairs", bed.metric("repairs")));
    figures.must("Redis closed the connection: else the fault did not bite", interrupted > 0);
    Ok(())
}

/// F22
pub(super) async fn subscribers_killed(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let rounds = if bed.options.short { 20 } else { 120 };
    let mut killed = 0u64;
    let before = subscriptions(bed)?;
    let (all, served): (u64, _) = (before.iter().sum(), bed.metric("rooms"));
    figures.must(&format!("{served} rooms of nodes are {all} subscriptions"), all == served && all > 0);
    for _ in 0..rounds {
        sleep(Duration::from_millis(500)).await;
        let count = block_in_place(|| bed.redis()?.command(&["CLIENT", "KILL", "TYPE", "pubsub"]))?;
        killed += count.parse::<u64>().unwrap_or(0);
    }
    figures.note(format!("{killed} connections killed"));
    figures.must("connections were killed: else the fault did not bite", killed > 0);
    let ended = Instant::now();
    while subscriptions(bed)? != before {
        ensure!(ended.elapsed() < PATIENCE, "not all subscriptions came back");
        sleep(Duration::from_millis(20)).await;
    }
    figures.in_time(&format!("{all} subscriptions right after"), ms(ended.elapsed()), 2_000);
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 5_000);
    sleep(Duration::from_secs(2)).await;
    figures.note(format!("{} repairs", bed.metric("repairs")));
    Ok(())
}

/// How many nodes have subscribed to each room.
fn subscriptions(bed: &mut TestBed) -> Result<Vec<u64>> {
    let channels = bed.channels();
    let mut ask = vec!["PUBSUB", "NUMSUB"];
    ask.extend(channels.iter().map(String::as_str));
    let counts = block_in_place(|| bed.redis()?.command(&ask))?;
    Ok(counts.lines().skip(1).step_by(2).map(str::parse).collect::<Result<_, _>>()?)
}

/// F30
pub(super) async fn torn(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let rounds = if bed.options.short { 160 } else { 600 };
    let mut random = fastrand::Rng::with_seed(bed.options.seed);
    for _ in 0..rounds {
        sleep(Duration::from_millis(50)).await;
        bed.tear(random.usize(..bed.options.clients));
    }
    bed.settle(PATIENCE).await?;
    figures.note(format!("{rounds} resets"));
    figures.in_time("longest away", bed.state.take_away(), 5_000);
    let (ring, log) = (bed.metric("resumes_ring"), bed.metric("resumes_log"));
    figures.note(format!("resumes: {ring} from memory, {log} from the history"));
    Ok(())
}
