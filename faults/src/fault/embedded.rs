//! One node with a file, killed in the middle of writing.

use std::time::Duration;

use anyhow::Result;
use tokio::{task::block_in_place, time::sleep};

use super::redis::ms;
use crate::{report::Figures, world::World};

const PATIENCE: Duration = Duration::from_secs(60);

/// F26
pub(super) async fn killed(world: &mut World, figures: &mut Figures) -> Result<()> {
    let (rounds, mut slowest) = (if world.size.short { 8 } else { 100 }, 0);
    let mut random = fastrand::Rng::with_seed(world.size.seed);
    for _ in 0..rounds {
        sleep(Duration::from_millis(random.u64(200..700))).await;
        block_in_place(|| world.nodes[0].restart())?;
        block_in_place(|| world.nodes[0].wait_ready(PATIENCE))?;
        world.settle(PATIENCE).await?;
        slowest = slowest.max(ms(world.flows(PATIENCE).await?));
    }
    figures.note(format!("{rounds} kills"));
    figures.note(format!("longest away {} ms", world.stage.take_away()));
    figures.in_time("flows again after", slowest, 5_000);
    Ok(())
}
