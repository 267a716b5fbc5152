//! The faults. Numbers are those of the fault matrix in `docs/reliability.md`.

mod bytes;
mod clock;
mod crowd;
mod disk;
mod embedded;
mod failover;
mod node;
mod redis;
mod rooms;
mod sockets;

use std::{sync::atomic::Ordering::Relaxed, time::Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;
use testkit::RedisOptions;

use crate::{
    checker::{self, Verdict},
    client::said_at,
    report::{Figures, Row},
    world::{Carrier, Size, World},
};

/// Clients that F25 throws out, if waits are not cut.
const CROWD: usize = 2_000;

/// Everything that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
#[expect(missing_docs, reason = "`what` says it")]
pub enum Fault {
    F1,
    F1b,
    F2,
    F3,
    F4,
    F4b,
    F4c,
    F4d,
    F5,
    F5b,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
    F12,
    F17,
    F17b,
    F17c,
    F18,
    F18b,
    F20,
    F21,
    F22,
    F23,
    F24,
    F25,
    F26,
    F28,
    F28b,
    F29,
    F30,
    /// Nothing.
    #[value(name = "none")]
    None,
}

impl Fault {
    /// Those of the short selection: all that take no more than a quarter of a minute.
    pub const SHORT: &[Self] = &[
        Self::F1,
        Self::F1b,
        Self::F2,
        Self::F3,
        Self::F4,
        Self::F4c,
        Self::F5,
        Self::F5b,
        Self::F6,
        Self::F7,
        Self::F9,
        Self::F10,
        Self::F11,
        Self::F12,
        Self::F17,
        Self::F17b,
        Self::F17c,
        Self::F18,
        Self::F18b,
        Self::F20,
        Self::F21,
        Self::F22,
        Self::F23,
        Self::F25,
        Self::F26,
        Self::F28,
        Self::F29,
        Self::F30,
    ];

    /// Those that need nothing but client connections, and so can be played on a cluster that runs already.
    pub const ANYWHERE: &[Self] =
        &[Self::None, Self::F9, Self::F10, Self::F12, Self::F25, Self::F29, Self::F30];

    /// What happens.
    pub fn what(self) -> &'static str {
        match self {
            Self::F1 => "Redis killed and started again, appendfsync always",
            Self::F1b => "Redis loses its newest entries, appendfsync everysec",
            Self::F2 => "Redis paused",
            Self::F3 => "Redis comes back empty",
            Self::F4 => "Primary killed with what it had not copied, Sentinels name another",
            Self::F4b => "Primary replaced on request; its successor stopped, replaced, and back",
            Self::F4c => "As F4, and an acknowledgement waits for a replica",
            Self::F4d => "As F4b, and an acknowledgement waits for all replicas",
            Self::F5 => "One node cut off from Redis, silently",
            Self::F5b => "One node receives from a Redis that nobody publishes to any more",
            Self::F6 => "Node killed under load",
            Self::F7 => "Each node asked to leave in turn (SIGTERM)",
            Self::F8 => "Half-open client",
            Self::F9 => "Slow reader",
            Self::F10 => "Flood sender",
            Self::F11 => "Very many rooms, then Redis killed and started again",
            Self::F12 => "Messages and frames at and over the limits",
            Self::F17 => {
                "Redis's clock stepped an hour back and forward, then two nodes an hour apart each way"
            }
            Self::F17b => {
                "Redis's clock an hour back, then Redis loses its newest entries: it gives their ids again"
            }
            Self::F17c => "Embedded node's clock stepped an hour back and forward, killed at each step",
            Self::F18 => "Redis's disk full, appendfsync everysec, then always",
            Self::F18b => "Embedded node's disk full",
            Self::F20 => "No file descriptor left on a node",
            Self::F21 => "Pub/sub output buffer overrun while a node is paused",
            Self::F22 => "Pub/sub connections killed again and again",
            Self::F23 => "Redis out of memory, then an evicting policy",
            Self::F24 => "Redis away for long",
            Self::F25 => "All clients reset at once, again and again",
            Self::F26 => "Embedded node killed again and again",
            Self::F28 => {
                "Each node replaced by an old version in turn, then by the new one; payloads of a later version"
            }
            Self::F28b => "Embedded node replaced by an old version, then by the new one",
            Self::F29 => "Every message sent three times, through all nodes",
            Self::F30 => "Client connections reset in the middle of a frame",
            Self::None => "Nothing but the load",
        }
    }

    fn carrier(self) -> Carrier {
        let append_only = match self {
            Self::F4 | Self::F4b => return Carrier::Group { wait: 0 },
            Self::F4c => return Carrier::Group { wait: 1 },
            Self::F4d => return Carrier::Group { wait: 2 },
            Self::F26 | Self::F28b => return Carrier::Embedded,
            Self::F17c | Self::F18b => return Carrier::Meddled(Box::new(Carrier::Embedded)),
            Self::F1b | Self::F17b | Self::F18 => Some("everysec"),
            Self::F1 | Self::F11 | Self::F24 => Some("always"),
            _ => None,
        };
        let options = RedisOptions { append_only, ..RedisOptions::default() };
        let redis = Carrier::Redis(options.line("auto-aof-rewrite-percentage", "0"));
        if matches!(self, Self::F17 | Self::F17b | Self::F18) {
            Carrier::Meddled(Box::new(redis))
        } else {
            redis
        }
    }

    /// Whether acknowledged messages may be lost if that is told.
    fn may_lose(self) -> bool {
        matches!(self, Self::F1b | Self::F3 | Self::F4 | Self::F4b | Self::F17b)
    }

    /// Whether clients may be disconnected by it.
    fn may_disconnect(self) -> bool {
        matches!(self, Self::F6 | Self::F7 | Self::F17c | Self::F26 | Self::F28 | Self::F28b)
    }

    async fn strike(self, world: &mut World, figures: &mut Figures) -> Result<()> {
        match self {
            Self::F1 => redis::killed(world, figures).await,
            Self::F1b => redis::tail_lost(world, figures).await,
            Self::F2 => redis::paused(world, figures).await,
            Self::F3 => redis::emptied(world, figures).await,
            Self::F4 | Self::F4c => failover::killed(world, figures).await,
            Self::F4b | Self::F4d => failover::handed_over(world, figures).await,
            Self::F5 => sockets::silenced(world, figures).await,
            Self::F5b => sockets::deaf(world, figures).await,
            Self::F6 => node::killed(world, figures).await,
            Self::F7 => node::asked_to_leave(world, figures).await,
            Self::F8 => bytes::half_open(world, figures).await,
            Self::F9 => bytes::slow_reader(world, figures).await,
            Self::F10 => crowd::flood(world, figures).await,
            Self::F11 => rooms::many(world, figures).await,
            Self::F12 => bytes::at_the_limits(world, figures).await,
            Self::F17 => clock::stepped(world, figures).await,
            Self::F17b => clock::ids_again(world, figures).await,
            Self::F17c => clock::stepped_embedded(world, figures).await,
            Self::F18 => disk::full(world, figures).await,
            Self::F18b => disk::full_embedded(world, figures).await,
            Self::F20 => crowd::no_descriptors(world, figures).await,
            Self::F21 => sockets::overrun(world, figures).await,
            Self::F22 => sockets::subscribers_killed(world, figures).await,
            Self::F23 => redis::out_of_memory(world, figures).await,
            Self::F24 => redis::away(world, figures).await,
            Self::F25 => crowd::storm(world, figures).await,
            Self::F26 => embedded::killed(world, figures).await,
            Self::F28 | Self::F28b => node::replaced(world, figures).await,
            Self::F29 => node::said_three_times(world, figures).await,
            Self::F30 => sockets::torn(world, figures).await,
            Self::None => crowd::calm(world, figures).await,
        }
    }

    /// Plays it from start to verdict.
    pub async fn play(self, size: &Size) -> Row {
        let start = Instant::now();
        let mut figures = Figures::new(size.slack);
        let verdict = self.run(self.fitting(size.clone()), &mut figures).await;
        let verdict = verdict.map_err(|error| figures.missed.push(format!("{error:#}"))).ok();
        let seconds = start.elapsed().as_secs();
        let id = format!("{self:?}");
        Row { id, what: self.what(), seconds, figures, verdict, may_lose: self.may_lose() }
    }

    /// F25 wants a crowd, with as many to a room as others have. On a running cluster, each fault has rooms of its own.
    fn fitting(self, mut size: Size) -> Size {
        if let Some(running) = &mut size.cluster {
            running.mark = format!("{} {self:?}", running.mark);
        }
        if self == Self::F25 && !size.short && size.cluster.is_none() {
            let more = CROWD.div_ceil(size.clients).max(1);
            size.clients *= more;
            size.rooms *= more;
        }
        size
    }

    async fn run(self, size: Size, figures: &mut Figures) -> Result<Verdict> {
        if size.cluster.is_some() && !Self::ANYWHERE.contains(&self) {
            bail!("it needs processes of its own, and cannot be played on a running cluster");
        }
        let mut world = World::start(size, &self.carrier(), self == Self::F29).await?;
        let stage = world.stage.clone();
        stage.take_p99();
        stage.take_answer();
        stage.take_away();
        self.strike(&mut world, figures).await?;
        figures.note(format!("slowest answer {} ms", stage.take_answer()));
        if !world.nodes.is_empty() {
            figures.note(format!("largest node {} MiB", world.resident() / 1024));
        }
        let (mut disconnects, turned_away) =
            (stage.disconnects.load(Relaxed), stage.turned_away.load(Relaxed));
        // Whoever the fault itself throws out may find the door shut for a moment.
        if self == Self::F25 {
            figures.note(format!("turned away at the door {turned_away} times"));
        } else {
            disconnects += turned_away;
        }
        let most = if self.may_disconnect() { u64::MAX } else { 0 };
        figures.at_most("disconnects", disconnects, most, "");
        if disconnects > 0 {
            figures.note(format!("closes {:?}", stage.closes()));
        }
        let (observations, history) = world.finish().await?;
        let verdict = checker::check(&observations, &history);
        if let Some(panic) = world.panic() {
            figures.missed.push(format!("a node panicked: {panic}"));
        }
        let lost: Vec<_> = verdict.told_losses.iter().map(said_at).collect();
        figures.lost(&lost);
        figures.must("at least one message was acknowledged", verdict.acked > 0);
        Ok(verdict)
    }
}
