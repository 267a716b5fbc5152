//! One node with a file, killed in the middle of writing.

use std::time::Duration;

use anyhow::Result;
use tokio::{task::block_in_place, time::sleep};

use super::redis::ms;
use crate::{report::Figures, testbed::TestBed};

const PATIENCE: Duration = Duration::from_secs(60);

/// F26
pub(super) async fn killed(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let (rounds, mut slowest) = (if bed.options.short { 8 } else { 100 }, 0);
    let mut random = fastrand::Rng::with_seed(bed.options.seed);
    for _ in 0..rounds {
        sleep(Duration::from_millis(random.u64(200..700))).await;
        block_in_place(|| bed.nodes[0].restart())?;
        block_in_place(|| bed.nodes[0].wait_ready(PATIENCE))?;
        bed.settle(PATIENCE).await?;
        slowest = slowest.max(ms(bed.flows(PATIENCE).await?));
    }
    figures.note(format!("{rounds} kills"));
    figures.note(format!("longest away {} ms", bed.state.take_away()));
    figures.in_time("flows again after", slowest, 5_000);
    Ok(())
}
