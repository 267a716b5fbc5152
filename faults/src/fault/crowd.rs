//! Too many at once: messages, descriptors, returning clients.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::{
    command::{self, Command, Request},
    error::ErrorCode,
    event::{Reply, ServerFrame},
};
use testkit::Connection;
use tokio::{task::block_in_place, time::timeout};

use super::redis::ms;
use crate::{report::Figures, testbed::TestBed};

const PATIENCE: Duration = Duration::from_secs(40);

/// F10: one connection says as much as it can. One command in ten is a message, so that more arrives than the node
/// allows however slowly it stores.
pub(super) async fn flood(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    const SAID: u64 = 40_000;
    let calm = bed.calm().await;
    let mut connection = Connection::v1(bed.state.nodes[0]).await?;
    connection.hello("Flood", None).await?;
    let room = bed.options.room("flood")?;
    let mut texts = Vec::new();
    for id in 2..SAID + 2 {
        let command = if id % 10 == 0 {
            let nonce = format!("flood-{id}").parse()?;
            Command::Send(command::Send { room: room.clone(), nonce, body: "flood".parse()? })
        } else {
            Command::Ping
        };
        texts.push(Request { id, command }.encode());
    }
    let (start, mut stored, mut pongs, mut refused) = (Instant::now(), 0u64, 0u64, 0u64);
    bed.state.take_p99();
    let count = |frame| {
        match frame {
            ServerFrame::Reply(_, Reply::Sent(_)) => stored += 1,
            ServerFrame::Reply(_, Reply::Pong) => pongs += 1,
            ServerFrame::Reply(_, Reply::Error(error)) => {
                refused += u64::from(error.code == ErrorCode::RateLimited);
            }
            ServerFrame::Reply(..) | ServerFrame::Event(_) => {}
        }
        stored + pongs + refused == SAID
    };
    let ended = timeout(Duration::from_secs(10), connection.burst(texts, count)).await.ok().flatten();
    let busy = bed.state.take_p99();
    let most = 4_000 + 2_000 * ms(start.elapsed()) / 1_000;
    figures.note(format!("{SAID} commands at once, {refused} refused, ended {ended:?}"));
    figures.must("commands were refused: else the fault did not bite", refused > 0);
    figures.at_most("taken", stored + pongs, most * 105 / 100, "");
    figures.note(format!("{stored} of them stored"));
    figures.others("p99 of the others", calm, busy);
    Ok(())
}

/// F20: no descriptor is left for anybody new.
pub(super) async fn no_descriptors(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let pid = bed.nodes[0].pid();
    limit(pid, "8:")?;
    let before = ticks(pid)?;
    let begun = Instant::now();
    let refused = timeout(Duration::from_secs(2), Connection::v1(bed.state.nodes[0])).await;
    figures.must("nobody new gets in", !matches!(refused, Ok(Ok(_))));
    tokio::time::sleep(Duration::from_secs(3)).await;
    bed.flows(PATIENCE).await?;
    // A tick of the clock that /proc counts in is a hundredth of a second.
    let used = (ticks(pid)? - before) * 1000 / ms(begun.elapsed()).max(1);
    figures.note(format!("{used} % of a core with its load"));
    figures.must("the node does not spin", used < 20);
    limit(pid, "4096:")?;
    let back = Instant::now();
    while Connection::v1(bed.state.nodes[0]).await.is_err() {
        ensure!(back.elapsed() < PATIENCE, "nobody new gets in though there are descriptors again");
    }
    figures.in_time("lets people in again after", ms(back.elapsed()), 1_000);
    Ok(())
}

fn limit(pid: u32, files: &str) -> Result<()> {
    let set = format!("--nofile={files}");
    let status = block_in_place(|| {
        std::process::Command::new("prlimit").args(["--pid", &pid.to_string(), &set]).status()
    });
    ensure!(
        status.context("prlimit is not installed; try: apt-get install util-linux")?.success(),
        "prlimit failed"
    );
    Ok(())
}

fn ticks(pid: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let count = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    Ok(count(11).context("no user time")? + count(12).context("no system time")?)
}

/// Nothing but the load.
pub(super) async fn calm(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    tokio::time::sleep(Duration::from_secs(if bed.options.short { 5 } else { 30 })).await;
    figures.note(format!("p99 {} ms", bed.state.take_p99()));
    Ok(())
}

/// F25: everybody is thrown out at once.
pub(super) async fn storm(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let calm = bed.calm().await;
    for _ in 0..if bed.options.short { 3 } else { 4 } {
        for client in 0..bed.options.clients {
            bed.tear(client);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        bed.settle(3 * PATIENCE).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        bed.state.take_p99();
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    figures.others("p99 before, and from 2 s after everybody is back", calm, bed.state.take_p99());
    figures.note(format!("{} clients at once", bed.options.clients));
    figures.in_time("longest away", bed.state.take_away(), 30_000);
    let (ring, log) = (bed.metric("resumes_ring"), bed.metric("resumes_log"));
    figures.note(format!("resumes: {ring} from memory, {log} from the history"));
    Ok(())
}
