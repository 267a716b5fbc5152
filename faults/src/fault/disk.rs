//! Disks fill up and are emptied again.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::Result;
use testkit::Data;
use tokio::{task::block_in_place, time::sleep};

use super::redis::ms;
use crate::{report::Figures, testbed::TestBed};

const PATIENCE: Duration = Duration::from_secs(40);

/// What is left of the disk when it begins to fill: the last write is torn.
const LEFT: u32 = 5_000;

/// F18: with everysec Redis goes on without taking writes, with always it ends.
pub(super) async fn full(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let redis = bed.preloads.len() - 1;
    refuses(bed, figures, redis).await?;
    sleep(Duration::from_secs(1)).await;

    block_in_place(|| bed.redis()?.command(&["CONFIG", "SET", "appendfsync", "always"]))?;
    sleep(Duration::from_secs(1)).await;
    bed.preloads[redis].set_space(Some(LEFT))?;
    block_in_place(|| bed.redis()?.wait(PATIENCE))?;
    figures.note("appendfsync always: Redis ends");
    sleep(Duration::from_secs(1)).await;
    bed.preloads[redis].set_space(None)?;
    block_in_place(|| bed.redis()?.restart(Data::Kept))?;
    figures.in_time("healed after", ms(bed.flows(PATIENCE).await?), 5_000);
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F18b
pub(super) async fn full_embedded(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    for _ in 0..if bed.options.short { 1 } else { 3 } {
        refuses(bed, figures, 0).await?;
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// The disk of one process is full for a while: everything is refused with a reason, and nobody is thrown out.
async fn refuses(bed: &mut TestBed, figures: &mut Figures, full: usize) -> Result<()> {
    let state = bed.state.clone();
    state.take_codes();
    let before = state.refusals.load(Relaxed);
    bed.preloads[full].set_space(Some(LEFT))?;
    bed.until("sends are refused", PATIENCE, || state.refusals.load(Relaxed) > before).await?;
    // What was under way before has its answer.
    sleep(Duration::from_millis(200)).await;
    let acks = bed.metric("acks");
    let unready = || block_in_place(|| bed.nodes.iter().all(|node| is(node, 503)));
    figures.in_time("not ready after", ms(bed.until("not ready", PATIENCE, unready).await?), 10_000);
    sleep(Duration::from_secs(if bed.options.short { 3 } else { 10 })).await;
    figures.at_most("acknowledged meanwhile", bed.metric("acks") - acks, 0, "");
    figures.note(format!("refusals {:?}", state.take_codes()));
    bed.preloads[full].set_space(None)?;
    let freed = Instant::now();
    figures.in_time("healed after", ms(bed.flows(PATIENCE).await?), 5_000);
    let ready = || block_in_place(|| bed.nodes.iter().all(|node| is(node, 200)));
    bed.until("ready", PATIENCE, ready).await?;
    figures.in_time("ready after", ms(freed.elapsed()), 5_000);
    Ok(())
}

fn is(node: &testkit::NodeProcess, status: u16) -> bool {
    node.get("/readyz").is_ok_and(|(code, _)| code == status)
}
