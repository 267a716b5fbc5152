//! Redis dies, pauses, forgets, fills up.

use std::{fs, path::PathBuf, sync::atomic::Ordering::Relaxed, time::Duration};

use anyhow::{Context, Result};
use testkit::Data;
use tokio::{task::block_in_place, time::sleep};

use crate::{report::Figures, testbed::TestBed};

const PATIENCE: Duration = Duration::from_secs(40);

fn seconds(bed: &TestBed, full: u64, short: u64) -> Duration {
    Duration::from_secs(if bed.options.short { short } else { full })
}

pub(super) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// F1
pub(super) async fn killed(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let away = seconds(bed, 5, 3);
    gone_for(bed, figures, away, 3_000).await?;
    figures.in_time("slowest answer in the outage", bed.state.take_answer(), 5_000);
    Ok(())
}

/// F24
pub(super) async fn away(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let away = seconds(bed, 60, 15);
    gone_for(bed, figures, away, 5_000).await
}

async fn gone_for(bed: &mut TestBed, figures: &mut Figures, away: Duration, most: u64) -> Result<()> {
    block_in_place(|| bed.redis()?.kill())?;
    sleep(away).await;
    block_in_place(|| bed.redis()?.restart(Data::Kept))?;
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), most);
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F1b: a plain kill loses nothing, since what was written lives in the page cache; so the file is cut to a length
/// that it had before.
pub(super) async fn tail_lost(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let tail = Tail::begin(bed)?;
    sleep(Duration::from_millis(1500)).await;
    tail.lose(bed, figures).await
}

/// What was written since a moment.
#[derive(Debug)]
pub(super) struct Tail {
    file: PathBuf,
    begins: u64,
}

impl Tail {
    /// From now on.
    pub(super) fn begin(bed: &mut TestBed) -> Result<Self> {
        let file = newest_append_only(bed)?;
        Ok(Self { begins: fs::metadata(&file)?.len(), file })
    }

    /// Redis dies and comes back without it.
    pub(super) async fn lose(self, bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
        block_in_place(|| bed.redis()?.kill())?;
        let cut = fs::metadata(&self.file)?.len() - self.begins;
        fs::OpenOptions::new().write(true).open(&self.file)?.set_len(self.begins)?;
        sleep(Duration::from_secs(1)).await;
        block_in_place(|| bed.redis()?.restart(Data::Kept))?;
        let begun = bed.state.now();
        let healed = bed.flows(PATIENCE).await?;
        sleep(Duration::from_secs(3)).await;
        tell(bed, figures, begun);
        figures.note(format!("{} KiB cut off", cut / 1024));
        figures.in_time("healed after", ms(healed), 5_000);
        Ok(())
    }
}

pub(super) fn tell(bed: &TestBed, figures: &mut Figures, begun: u64) {
    let told = bed.state.told.load(Relaxed);
    figures.note(format!("{told} times told of a loss"));
    figures.must("a loss was told: else the fault did not bite", told > 0);
    figures.in_time("last told after", bed.state.last_told.load(Relaxed).saturating_sub(begun), 5_000);
}

fn newest_append_only(bed: &mut TestBed) -> Result<PathBuf> {
    let folder = bed.redis()?.folder().join("appendonlydir");
    let files = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let parts = files.filter(|path| path.to_string_lossy().ends_with(".incr.aof"));
    parts
        .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
        .context("no append-only file")
}

/// F2
pub(super) async fn paused(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let before = bed.resident();
    block_in_place(|| bed.redis()?.pause())?;
    sleep(seconds(bed, 30, 10)).await;
    let grown = bed.resident().saturating_sub(before) / 1024;
    block_in_place(|| bed.redis()?.resume())?;
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 5_000);
    figures.at_most("grew by", grown, 64, " MiB");
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F3
pub(super) async fn emptied(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    block_in_place(|| bed.redis()?.kill())?;
    sleep(Duration::from_secs(1)).await;
    block_in_place(|| bed.redis()?.restart(Data::Dropped))?;
    let begun = bed.state.now();
    let healed = bed.flows(PATIENCE).await?;
    sleep(Duration::from_secs(3)).await;
    figures.in_time("healed after", ms(healed), 5_000);
    tell(bed, figures, begun);
    Ok(())
}

/// F23
pub(super) async fn out_of_memory(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let refused = bed.state.refusals.load(Relaxed);
    block_in_place(|| bed.redis()?.command(&["CONFIG", "SET", "maxmemory", "1mb"]))?;
    sleep(Duration::from_secs(3)).await;
    let refusals = bed.state.refusals.load(Relaxed) - refused;
    figures.note(format!("{refusals} refusals"));
    figures.must("sends are refused while there is no memory", refusals > 0);
    block_in_place(|| bed.redis()?.command(&["CONFIG", "SET", "maxmemory", "0"]))?;
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 5_000);
    block_in_place(|| bed.redis()?.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]))?;
    block_in_place(|| bed.redis()?.command(&["CLIENT", "KILL", "TYPE", "normal"])).ok();
    block_in_place(|| bed.redis()?.command(&["CLIENT", "KILL", "TYPE", "pubsub"])).ok();
    let unready = || {
        block_in_place(|| bed.nodes.iter().all(|node| node.get("/readyz").is_ok_and(|(code, _)| code == 503)))
    };
    let closed = bed.until("no node is ready with an evicting policy", PATIENCE, unready).await;
    match closed {
        Ok(time) => figures.note(format!("evicting policy: not ready after {} ms", ms(time))),
        Err(error) => figures.missed.push(format!("{error:#}")),
    }
    block_in_place(|| bed.redis()?.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]))?;
    block_in_place(|| bed.redis()?.command(&["CLIENT", "KILL", "TYPE", "normal"])).ok();
    let healed = bed.flows(PATIENCE).await?;
    figures.in_time("healed after", ms(healed), 10_000);
    Ok(())
}
