//! Clients that do not read, are not there, or say too much at once.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use shared::{
    command::{self, Command},
    error::ErrorCode,
    event::{Event, Reply, ServerFrame},
    limits::{BODY_BYTES, FRAME_BYTES},
};
use testkit::{ConnectOptions, Connection, NodeProcess, Received};
use tokio::time::{sleep, timeout};

use super::redis::ms;
use crate::{
    report::Figures,
    testbed::{TestBed, descriptors, metric},
};

/// A receive buffer that is soon full.
const NARROW: ConnectOptions<'_> = ConnectOptions { receive_buffer: Some(4096), ..ConnectOptions::V1 };

/// F8
pub(super) async fn half_open(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let (node, place) = (&bed.nodes[0], bed.state.nodes[0]);
    let room = bed.rooms[0].clone();
    let mut watcher = Connection::v1(place).await?;
    watcher.hello("Watcher", None).await?;
    watcher.request(2, Command::Join(command::Join { room: room.clone(), since: None })).await?;
    let sessions = metric(place, "sessions");
    let files = fewest(node).await;
    let mut ghost = Connection::v1(place).await?;
    let who = ghost.hello("Ghost", None).await?.user;
    ghost.request(2, Command::Join(command::Join { room, since: None })).await?;
    figures.must("the ghost has a descriptor", fewest(node).await > files);
    // Nobody reads this socket any more, so no ping is answered.
    let silent = Instant::now();
    let seen_to_go = async {
        loop {
            match watcher.receive().await? {
                Received::Frame(frame) => match *frame {
                    ServerFrame::Event(Event::Presence(shared::event::Presence { went, .. }))
                        if went.0.contains(&who) =>
                    {
                        return Ok(());
                    }
                    ServerFrame::Event(_) | ServerFrame::Reply(..) => {}
                },
                Received::Closed(code) => bail!("the watcher was closed ({code:?})"),
            }
        }
    };
    timeout(Duration::from_secs(60), seen_to_go).await.context("nobody sees the ghost go")??;
    figures.in_time("seen to go after", ms(silent.elapsed()), 45_000);
    let gone = || metric(place, "sessions") <= sessions && descriptors(node) <= files;
    bed.until("sessions and descriptors are as before", Duration::from_secs(10), gone).await?;
    figures.in_time("its descriptor is free after", ms(silent.elapsed()), 45_000);
    drop(ghost);
    watcher.close().await;
    Ok(())
}

/// Descriptors that a node keeps open: without those of whoever just asks it something.
async fn fewest(node: &NodeProcess) -> usize {
    let mut fewest = descriptors(node);
    for _ in 0..10 {
        sleep(Duration::from_millis(50)).await;
        fewest = fewest.min(descriptors(node));
    }
    fewest
}

/// F9
pub(super) async fn slow_reader(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    bed.state.body_bytes.store(8_000, Relaxed);
    let calm = bed.calm().await;
    let mut slow = Connection::open(bed.state.nodes[0], NARROW).await?;
    slow.hello("Slow", None).await?;
    for (id, room) in (2..).zip(&bed.rooms) {
        slow.request(id, Command::Join(command::Join { room: room.clone(), since: None })).await?;
    }
    let place = bed.state.nodes[0];
    let before = (metric(place, "closes"), bed.resident());
    bed.state.take_p99();
    let closed = || metric(place, "closes") > before.0;
    let ended = bed.until("the slow reader is closed", Duration::from_secs(60), closed).await;
    let grown = bed.resident().saturating_sub(before.1) / 1024;
    let busy = bed.state.take_p99();
    bed.state.body_bytes.store(24, Relaxed);
    figures.note(format!("closed after {} ms", ms(ended?)));
    figures.others("p99 of the others", calm, busy);
    if !bed.nodes.is_empty() {
        figures.note(format!("node grew by {grown} MiB"));
    }
    let code = loop {
        match timeout(Duration::from_secs(20), slow.receive()).await? {
            Ok(Received::Frame(_)) => {}
            Ok(Received::Closed(code)) => break code,
            Err(_) => break None,
        }
    };
    figures.note(format!("its close code {code:?}"));
    Ok(())
}

/// F12
pub(super) async fn at_the_limits(bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
    let mut connection = Connection::v1(bed.state.nodes[0]).await?;
    connection.hello("Long", None).await?;
    let room = bed.options.room("long")?;
    let place = room.clone();
    let whole = Command::Send(command::Send {
        room,
        nonce: "long-1234".parse()?,
        body: "x".repeat(BODY_BYTES).parse()?,
    });
    let stored = matches!(connection.request(2, whole).await?, Reply::Sent(_));
    figures.must("a message at the limit is stored", stored);
    let over = format!(
        r#"{{"id":3,"type":"send","room":"{place}","nonce":"long-1235","body":"{}"}}"#,
        "x".repeat(BODY_BYTES + 1)
    );
    connection.send_text(over).await?;
    let Reply::Error(refused) = connection.reply_to(3).await? else {
        bail!("one byte over the limit was accepted")
    };
    figures.must("a message over the limit is refused as such", refused.code == ErrorCode::MessageTooLong);
    let frame = |bytes: usize| {
        let start = r#"{"id":4,"type":"ping","pad":""#;
        format!("{start}{}\"}}", "x".repeat(bytes - start.len() - 2))
    };
    connection.send_text(frame(FRAME_BYTES)).await?;
    figures.must("a frame at the limit is read", connection.reply_to(4).await? == Reply::Pong);
    connection.send_text(frame(FRAME_BYTES + 1)).await?;
    let ended = timeout(Duration::from_secs(10), connection.receive()).await??;
    figures.must("a frame over the limit ends with 1009", matches!(ended, Received::Closed(Some(1009))));
    figures.note("4 of 4 as they must be, if nothing else is said");
    Ok(())
}
