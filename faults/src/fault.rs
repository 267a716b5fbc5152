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
    testbed::{BrokerKind, RunOptions, TestBed},
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

    fn broker(self) -> BrokerKind {
        let append_only = match self {
            Self::F4 | Self::F4b => return BrokerKind::Sentinels { wait: 0 },
            Self::F4c => return BrokerKind::Sentinels { wait: 1 },
            Self::F4d => return BrokerKind::Sentinels { wait: 2 },
            Self::F26 | Self::F28b => return BrokerKind::Embedded,
            Self::F17c | Self::F18b => return BrokerKind::Preloaded(Box::new(BrokerKind::Embedded)),
            Self::F1b | Self::F17b | Self::F18 => Some("everysec"),
            Self::F1 | Self::F11 | Self::F24 => Some("always"),
            _ => None,
        };
        let options = RedisOptions { append_only, ..RedisOptions::default() };
        let redis = BrokerKind::Redis(options.line("auto-aof-rewrite-percentage", "0"));
        if matches!(self, Self::F17 | Self::F17b | Self::F18) {
            BrokerKind::Preloaded(Box::new(redis))
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

    async fn strike(self, bed: &mut TestBed, figures: &mut Figures) -> Result<()> {
        match self {
            Self::F1 => redis::killed(bed, figures).await,
            Self::F1b => redis::tail_lost(bed, figures).await,
            Self::F2 => redis::paused(bed, figures).await,
            Self::F3 => redis::emptied(bed, figures).await,
            Self::F4 | Self::F4c => failover::killed(bed, figures).await,
            Self::F4b | Self::F4d => failover::handed_over(bed, figures).await,
            Self::F5 => sockets::silenced(bed, figures).await,
            Self::F5b => sockets::deaf(bed, figures).await,
            Self::F6 => node::killed(bed, figures).await,
            Self::F7 => node::asked_to_leave(bed, figures).await,
            Self::F8 => bytes::half_open(bed, figures).await,
            Self::F9 => bytes::slow_reader(bed, figures).await,
            Self::F10 => crowd::flood(bed, figures).await,
            Self::F11 => rooms::many(bed, figures).await,
            Self::F12 => bytes::at_the_limits(bed, figures).await,
            Self::F17 => clock::stepped(bed, figures).await,
            Self::F17b => clock::ids_again(bed, figures).await,
            Self::F17c => clock::stepped_embedded(bed, figures).await,
            Self::F18 => disk::full(bed, figures).await,
            Self::F18b => disk::full_embedded(bed, figures).await,
            Self::F20 => crowd::no_descriptors(bed, figures).await,
            Self::F21 => sockets::overrun(bed, figures).await,
            Self::F22 => sockets::subscribers_killed(bed, figures).await,
            Self::F23 => redis::out_of_memory(bed, figures).await,
            Self::F24 => redis::away(bed, figures).await,
            Self::F25 => crowd::storm(bed, figures).await,
            Self::F26 => embedded::killed(bed, figures).await,
            Self::F28 | Self::F28b => node::replaced(bed, figures).await,
            Self::F29 => node::said_three_times(bed, figures).await,
            Self::F30 => sockets::torn(bed, figures).await,
            Self::None => crowd::calm(bed, figures).await,
        }
    }

    /// Plays it from start to verdict.
    pub async fn play(self, options: &RunOptions) -> Row {
        let start = Instant::now();
        let mut figures = Figures::new(options.slack);
        let verdict = self.run(self.fitting(options.clone()), &mut figures).await;
        let verdict = verdict.map_err(|error| figures.missed.push(format!("{error:#}"))).ok();
        let seconds = start.elapsed().as_secs();
        let id = format!("{self:?}");
        Row { id, what: self.what(), seconds, figures, verdict, may_lose: self.may_lose() }
    }

    /// F25 wants a crowd, with as many to a room as others have. On a running cluster, each fault has rooms of its own.
    fn fitting(self, mut options: RunOptions) -> RunOptions {
        if let Some(running) = &mut options.cluster {
            running.mark = format!("{} {self:?}", running.mark);
        }
        if self == Self::F25 && !options.short && options.cluster.is_none() {
            let more = CROWD.div_ceil(options.clients).max(1);
            options.clients *= more;
            options.rooms *= more;
        }
        options
    }

    async fn run(self, options: RunOptions, figures: &mut Figures) -> Result<Verdict> {
        if options.cluster.is_some() && !Self::ANYWHERE.contains(&self) {
            bail!("it needs processes of its own, and cannot be played on a running cluster");
        }
        let mut bed = TestBed::start(options, &self.broker(), self == Self::F29).await?;
        let state = bed.state.clone();
        state.take_p99();
        state.take_answer();
        state.take_away();
        self.strike(&mut bed, figures).await?;
        figures.note(format!("slowest answer {} ms", state.take_answer()));
        if !bed.nodes.is_empty() {
            figures.note(format!("largest node {} MiB", bed.resident() / 1024));
        }
        let (mut disconnects, turned_away) =
            (state.disconnects.load(Relaxed), state.turned_away.load(Relaxed));
        // Whoever the fault itself throws out may find the door shut for a moment.
        if self == Self::F25 {
            figures.note(format!("turned away at the door {turned_away} times"));
        } else {
            disconnects += turned_away;
        }
        let most = if self.may_disconnect() { u64::MAX } else { 0 };
        figures.at_most("disconnects", disconnects, most, "");
        if disconnects > 0 {
            figures.note(format!("closes {:?}", state.closes()));
        }
        let (logs, history) = bed.finish().await?;
        let verdict = checker::check(&logs, &history);
        if let Some(panic) = bed.panic() {
            figures.missed.push(format!("a node panicked: {panic}"));
        }
        let lost: Vec<_> = verdict.told_losses.iter().map(said_at).collect();
        figures.lost(&lost);
        figures.must("at least one message was acknowledged", verdict.acked > 0);
        Ok(verdict)
    }
}
