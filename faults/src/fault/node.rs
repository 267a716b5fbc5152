//! Nodes die and leave.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use shared::{
    command::Command,
    event::{Event, Reply, ServerFrame},
    text::Room,
};
use tokio::{
    task::block_in_place,
    time::{sleep, timeout},
};

use super::redis::ms;
use crate::{
    client::wire::{Heard, Wire},
    report::Figures,
    world::World,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// F6
pub(super) async fn killed(world: &mut World, figures: &mut Figures) -> Result<()> {
    let victim = usize::try_from(world.size.seed)? % world.nodes.len();
    block_in_place(|| world.nodes[victim].kill())?;
    sleep(Duration::from_millis(200)).await;
    world.settle(PATIENCE).await?;
    figures.in_time("longest away", world.stage.take_away(), 5_000);
    block_in_place(|| world.nodes[victim].restart())?;
    block_in_place(|| world.nodes[victim].wait_ready(PATIENCE))?;
    sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// F7
pub(super) async fn asked_to_leave(world: &mut World, figures: &mut Figures) -> Result<()> {
    let (mut slowest_exit, mut slowest_unready) = (0, 0);
    for index in 0..world.nodes.len() {
        let asked = Instant::now();
        world.nodes[index].terminate()?;
        let node = &world.nodes[index];
        let unready = || block_in_place(|| node.get("/readyz").map_or(true, |(code, _)| code == 503));
        slowest_unready = slowest_unready.max(ms(world.until("not ready", PATIENCE, unready).await?));
        let status = block_in_place(|| world.nodes[index].wait(PATIENCE))?;
        slowest_exit = slowest_exit.max(ms(asked.elapsed()));
        figures.must("the node ends with code 0", status.code() == Some(0));
        block_in_place(|| world.nodes[index].restart())?;
        block_in_place(|| world.nodes[index].wait_ready(PATIENCE))?;
        world.settle(PATIENCE).await?;
        sleep(Duration::from_secs(1)).await;
    }
    figures.in_time("not ready after", slowest_unready, 100);
    figures.in_time("exit after", slowest_exit, 15_000);
    figures.in_time("longest away", world.stage.take_away(), 3_000);
    Ok(())
}

/// F28, and F28b without Redis: there the file is read by both versions.
pub(super) async fn replaced(world: &mut World, figures: &mut Figures) -> Result<()> {
    let new = world.size.binary.clone();
    let old = world.size.old_binary.clone();
    if old.is_none() {
        figures.note("no old version given (--old-binary): replaced by itself");
    }
    let (mut heard, mut said, mut slowest) = (0, 0, 0);
    for binary in [old.as_ref().unwrap_or(&new), &new] {
        for index in 0..world.nodes.len() {
            world.nodes[index].terminate()?;
            block_in_place(|| world.nodes[index].wait(PATIENCE))?;
            world.nodes[index].set_binary(binary);
            block_in_place(|| world.nodes[index].restart())?;
            block_in_place(|| world.nodes[index].wait_ready(PATIENCE))?;
            world.settle(PATIENCE).await?;
            // All of a node went to the next one: some are to be on each version.
            for client in (index..world.size.clients).step_by(3) {
                world.tear(client);
            }
            if !world.proxies.is_empty() {
                heard += later_version_speaks(world)?;
            }
            slowest = slowest.max(ms(each_hears_each(world, &format!("{said}")).await?));
            said += 1;
            sleep(Duration::from_secs(1)).await;
        }
    }
    figures.note(format!("after each of {said} steps each node heard each, at most after {slowest} ms"));
    if world.proxies.is_empty() {
        figures.in_time("longest away", world.stage.take_away(), 5_000);
        return Ok(());
    }
    figures.note(format!("{heard} payloads of a later version arrived at nodes"));
    figures.must("payloads of a later version arrived: else the fault did not bite", heard > 0);
    figures.in_time("longest away", world.stage.take_away(), 3_000);
    Ok(())
}

/// Somebody on each node says something, which somebody on each node hears. Answers how long that took.
async fn each_hears_each(world: &World, what: &str) -> Result<Duration> {
    let room: Room = "mixture".parse()?;
    let mut wires = Vec::new();
    for node in &world.stage.nodes {
        let mut wire = Wire::connect(*node).await?;
        wire.greet("Mixture", None).await?;
        match wire.ask(2, Command::Join { room: room.clone(), since: None }).await? {
            Reply::Joined(_) => wires.push(wire),
            other => bail!("a join was answered with {other:?}"),
        }
    }
    let begun = Instant::now();
    for (node, wire) in wires.iter_mut().enumerate() {
        let body = format!("{what} from {node}").parse()?;
        wire.say(3, Command::Send { room: room.clone(), nonce: format!("{what}-{node}").parse()?, body })
            .await?;
    }
    let all = wires.len();
    for (node, wire) in wires.iter_mut().enumerate() {
        let mut heard = HashSet::new();
        let listen = async {
            while heard.len() < all {
                let Heard::Frame(frame) = wire.hear().await? else { bail!("closed") };
                if let ServerFrame::Event(Event::Message { message, .. }) = *frame {
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
fn later_version_speaks(world: &mut World) -> Result<u64> {
    let mut heard = 0;
    for channel in world.channels() {
        for payload in ["2e1-0.x 0 1 1\nm", "1z anything"] {
            let count = block_in_place(|| world.redis()?.command(&["PUBLISH", &channel, payload]))?;
            heard += count.parse::<u64>()?;
        }
    }
    Ok(heard)
}

/// F29: the clients of this run do it by themselves.
pub(super) async fn said_three_times(world: &mut World, figures: &mut Figures) -> Result<()> {
    sleep(Duration::from_secs(if world.size.short { 8 } else { 40 })).await;
    let acks = world.metric("acks");
    figures.note(format!("{acks} answers of nodes"));
    Ok(())
}
