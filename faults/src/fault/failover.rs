//! Another Redis takes over, which the Sentinels see to.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{task::block_in_place, time::sleep};

use super::redis::{ms, tell};
use crate::{
    proxy::{Proxy, ProxyMode},
    report::Figures,
    testbed::{TestBed, metric},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// F4, F4c: the primary dies with what it had not copied. The replicas receive through a proxy that holds everything back
/// before the kill and never hands it on: a replica that is merely stopped still finds it in its socket. The Sentinels
/// lead replicas that follow elsewhere back after some seconds, so the proxy comes in just before.
pub(super) async fn killed(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let before = Before::now(bed)?;
    let primary = before.primary;
    let proxy = Proxy::start(bed.group()?.servers[primary].port()).await?;
    for (index, server) in bed.group()?.servers.iter().enumerate() {
        if index != primary {
            block_in_place(|| server.follow(proxy.port()))?;
        }
    }
    let (acked, refused) = (bed.metric("acks"), bed.state.refusals.load(Relaxed));
    figures.lost_since = Some(bed.state.now());
    proxy.set(ProxyMode::Stall);
    sleep(Duration::from_millis(1500)).await;
    let acked = bed.metric("acks") - acked;
    let refused = bed.state.refusals.load(Relaxed) - refused;
    block_in_place(|| bed.group()?.servers[primary].kill())?;
    proxy.set(ProxyMode::Cut);
    figures.note(format!("{acked} acknowledged and {refused} refused while nothing was copied"));
    let begun = taken_over(bed, figures, &before, "killed").await?;
    sleep(Duration::from_secs(3)).await;
    tell(bed, figures, begun);
    Ok(())
}

/// F4b, F4d: one takes over on request, while the former one still takes messages; then the primary of that time hangs, is replaced, and comes back as if nothing had
/// been.
pub(super) async fn handed_over(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    figures.lost_since = Some(bed.state.now());
    let first = Before::now(bed)?;
    let asked = Instant::now();
    block_in_place(|| bed.group()?.sentinels.failover())?;
    figures.note(format!("asked for another primary, named after {} ms", ms(asked.elapsed())));
    taken_over(bed, figures, &first, "asked").await?;
    follows(bed, first.primary).await?;
    figures.note(format!("{} times told of a loss", bed.state.told.swap(0, Relaxed)));

    let second = Before::now(bed)?;
    block_in_place(|| bed.group()?.servers[second.primary].pause())?;
    taken_over(bed, figures, &second, "stopped").await?;
    sleep(Duration::from_secs(if bed.options.short { 1 } else { 5 })).await;
    block_in_place(|| bed.group()?.servers[second.primary].resume())?;
    // It takes itself for the primary until it is told otherwise, and answers whoever asks.
    follows(bed, second.primary).await?;
    let flows = bed.flows(PATIENCE).await?;
    figures.in_time("all goes on when it is back", ms(flows), 5_000);
    figures.note(format!("{} times told of a loss", bed.state.told.load(Relaxed)));
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// How it was before another primary took over.
struct Before {
    primary: usize,
    generations: Vec<u64>,
}

impl Before {
    fn now(bed: &mut TestBed) -> Result<Self> {
        let primary = block_in_place(|| bed.group()?.primary())?;
        Ok(Self { primary, generations: generations(bed) })
    }
}

fn generations(bed: &TestBed) -> Vec<u64> {
    bed.state.nodes.iter().map(|node| metric(*node, "generations")).collect()
}

/// Waits until the Sentinels name another primary, all nodes have left the former one, and messages flow again on
/// every node. Answers the time of the run at which they named it.
async fn taken_over(bed: &mut TestBed, figures: &mut Figures, before: &Before, how: &str) -> Result<u64> {
    let group = bed.group.as_ref();
    let other = || {
        block_in_place(|| {
            group.is_some_and(|group| group.primary().is_ok_and(|primary| primary != before.primary))
        })
    };
    let named = bed.until("the Sentinels name another primary", PATIENCE, other).await?;
    figures.note(format!("{how}: another primary after {} ms", ms(named)));
    let begun = bed.state.now();
    let left = || generations(bed).iter().zip(&before.generations).all(|(now, before)| now > before);
    bed.until("all nodes have left the former primary", PATIENCE, left).await?;
    bed.flows(PATIENCE).await?;
    figures.in_time("healed after that in", bed.state.now() - begun, 5_000);
    Ok(begun)
}

async fn follows(bed: &TestBed, server: usize) -> Result<()> {
    let follows = || block_in_place(|| bed.group.as_ref().is_some_and(|group| group.follows(server)));
    bed.until("the former primary follows the new one", PATIENCE, follows).await?;
    Ok(())
}
