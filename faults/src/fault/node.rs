//! Nodes die and leave.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
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

use super::redis::ms;
use crate::{report::Figures, testbed::TestBed};

const PATIENCE: Duration = Duration::from_secs(60);

/// F6
pub(super) async fn killed(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let victim = usize::try_from(bed.options.seed)? % bed.nodes.len();
    block_in_place(|| bed.nodes[victim].kill())?;
    sleep(Duration::from_millis(200)).await;
    bed.settle(PATIENCE).await?;
    figures.in_time("longest away", bed.state.take_away(), 5_000);
    block_in_place(|| bed.nodes[victim].restart())?;
    block_in_place(|| bed.nodes[victim].wait_ready(PATIENCE))?;
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F7
pub(super) async fn asked_to_leave(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let (mut slowest_exit, mut slowest_unready) = (0, 0);
    for index in 0..bed.nodes.len() {
        let asked = Instant::now();
        bed.nodes[index].terminate()?;
        let node = &bed.nodes[index];
        let unready = || block_in_place(|| node.get("/readyz").map_or(true, |(code, _)| code == 503));
        slowest_unready = slowest_unready.max(ms(bed.until("not ready", PATIENCE, unready).await?));
        let status = block_in_place(|| bed.nodes[index].wait(PATIENCE))?;
        slowest_exit = slowest_exit.max(ms(asked.elapsed()));
        figures.must("the node ends with code 0", status.code() == Some(0));
        block_in_place(|| bed.nodes[index].restart())?;
        block_in_place(|| bed.nodes[index].wait_ready(PATIENCE))?;
        bed.settle(PATIENCE).await?;
        sleep(Duration::from_secs(1)).await;
    }
    figures.in_time("not ready after", slowest_unready, 100);
    figures.in_time("exit after", slowest_exit, 15_000);
    figures.in_time("longest away", bed.state.take_away(), 3_000);
    Ok(())
}

/// F28, and F28b without Redis: there the file is read by both versions.
pub(super) async fn replaced(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let new = bed.options.binary.clone();
    let old = bed.options.old_binary.clone();
    if old.is_none() {
        figures.note("no old version given (--old-binary): replaced by itself");
    }
    let (mut heard, mut said, mut slowest) = (0, 0, 0);
    for binary in [old.as_ref().unwrap_or(&new), &new] {
        for index in 0..bed.nodes.len() {
            bed.nodes[index].terminate()?;
            block_in_place(|| bed.nodes[index].wait(PATIENCE))?;
            bed.nodes[index].set_binary(binary);
            block_in_place(|| bed.nodes[index].restart())?;
            block_in_place(|| bed.nodes[index].wait_ready(PATIENCE))?;
            bed.settle(PATIENCE).await?;
            // All of a node went to the next one: some are to be on each version.
            for client in (index..bed.options.clients).step_by(3) {
                bed.tear(client);
            }
            if !bed.proxies.is_empty() {
                heard += later_version_speaks(bed)?;
            }
            slowest = slowest.max(ms(each_hears_each(bed, &format!("{said}")).await?));
            said += 1;
            sleep(Duration::from_secs(1)).await;
        }
    }
    figures.note(format!("after each of {said} steps each node heard each, at most after {slowest} ms"));
    if bed.proxies.is_empty() {
        figures.in_time("longest away", bed.state.take_away(), 5_000);
        return Ok(());
    }
    figures.note(format!("{heard} payloads of a later version arrived at nodes"));
    figures.must("payloads of a later version arrived: else the fault did not bite", heard > 0);
    figures.in_time("longest away", bed.state.take_away(), 3_000);
    Ok(())
}

/// Somebody on each node says something, which somebody on each node hears. Answers how long that took.
async fn each_hears_each(bed: &TestBed, what: &str) -> Result<Duration> {
    let room: Room = "mixture".parse()?;
    let mut connections = Vec::new();
    for node in &bed.state.nodes {
        let mut connection = Connection::v1(*node).await?;
        connection.hello("Mixture", None).await?;
        match connection.request(2, Command::Join(command::Join { room: room.clone(), since: None })).await? {
            Reply::Joined(_) => connections.push(connection),
            other => bail!("a join was answered with {other:?}"),
        }
    }
    let begun = Instant::now();
    for (node, connection) in connections.iter_mut().enumerate() {
        let body = format!("{what} from {node}").parse()?;
        connection
            .send(
                3,
                Command::Send(command::Send {
                    room: room.clone(),
                    nonce: format!("{what}-{node}").parse()?,
                    body,
                }),
            )
            .await?;
    }
    let all = connections.len();
    for (node, connection) in connections.iter_mut().enumerate() {
        let mut heard = HashSet::new();
        let listen = async {
            while heard.len() < all {
                let Received::Frame(frame) = connection.receive().await? else { bail!("closed") };
                if let ServerFrame::Event(Event::Message(happened)) = *frame {
                    let message = happened.entry.message().context("not a message")?;
                    ensure!(heard.insert(message.nonce), "node {node} repeats");
                }
            }
            Ok(())
        };
        timeout(PATIENCE, listen)
            .await
            .with_context(|| format!("node {node} does not hear every node"))??;
    }
    Ok(begun.elapsed())
}

/// In every room: a version and a kind that nobody knows yet. Answers how many subscribers there were.
fn later_version_speaks(bed: &mut TestBed) -> Result<u64> {
    let mut heard = 0;
    for channel in bed.channels() {
        for payload in ["2e1-0.x 0 1 1\nm", "1z anything"] {
            let count = block_in_place(|| bed.redis()?.command(&["PUBLISH", &channel, payload]))?;
            heard += count.parse::<u64>()?;
        }
    }
    Ok(heard)
}

/// F29: the clients of this run do it by themselves.
pub(super) async fn said_three_times(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    sleep(Duration::from_secs(if bed.options.short { 8 } else { 40 })).await;
    let acks = bed.metric("acks");
    figures.note(format!("{acks} answers of nodes"));
    Ok(())
}
