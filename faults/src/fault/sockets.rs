//! Connections between the parts are cut, silenced, overrun, torn.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use anyhow::Result;
use tokio::{task::block_in_place, time::sleep};

use super::redis::ms;
use crate::{proxy::Weather, report::Figures, world::World};

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
    for _ in 0..rounds {
        sleep(Duration::from_millis(500)).await;
        let count = block_in_place(|| world.redis()?.command(&["CLIENT", "KILL", "TYPE", "pubsub"]))?;
        killed += count.parse::<u64>().unwrap_or(0);
    }
    figures.note(format!("{killed} connections killed"));
    figures.must("connections were killed: else the fault did not bite", killed > 0);
    let healed = world.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 5_000);
    sleep(Duration::from_secs(2)).await;
    figures.note(format!("{} repairs", world.metric("repairs")));
    Ok(())
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
