//! Who is where: one hash per room with a field for each node that has people there, and the nodes' leases.
//!
//! The lease is the probe's. What a dead node left is swept by the nodes that meet it; where nobody does, it expires.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ::redis::{FromRedisValue, Pipeline, Value};
use shared::text::Room;

use super::{failure::Failure, keys::Keys, link::Link, payload, scripts::SHOW};
use crate::broker::{
    BusError,
    presence::{Here, NodeId, Shown},
};

/// After how long what a node said of a room is gone; nodes say it again sooner.
const EXPIRY: Duration = Duration::from_secs(6 * 3600);

/// Rooms, or nodes, in one round trip.
const BATCH: usize = 256;

/// For how long a node that was seen alive is taken to be.
const ALIVE: Duration = Duration::from_secs(2);

/// What nodes say, in Redis.
#[derive(Debug)]
pub(super) struct Shows {
    link: Arc<Link>,
    keys: Keys,
    node: NodeId,
    number: AtomicU64,
    /// Nodes that were seen alive lately.
    alive: Mutex<HashMap<NodeId, Instant>>,
}

impl Shows {
    pub(super) fn new(link: Arc<Link>, keys: Keys, node: NodeId) -> Self {
        Self { link, keys, node, number: AtomicU64::new(0), alive: Mutex::default() }
    }

    /// See [`Presence::show`](crate::broker::Presence::show).
    pub(super) async fn show(&self, rooms: &[(Room, Here)]) -> Result<(), BusError> {
        let expiry = EXPIRY.as_millis().to_string();
        for batch in rooms.chunks(BATCH) {
            let mut calls = Pipeline::with_capacity(batch.len());
            for (room, here) in batch {
                let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
                let shown = Shown::encode(&self.node, number, here);
                let mut call = SHOW.cached(&[self.keys.here(room), self.keys.channel(room)]);
                call.arg(self.node.as_str()).arg(if here.count == 0 { "" } else { &shown });
                call.arg(&expiry).arg(payload::shown(&shown));
                calls.add_command(call);
            }
            for answer in self.link.scripts(&SHOW, calls).await? {
                plain::<u64>(answer)?;
            }
        }
        Ok(())
    }

    /// See [`Presence::elsewhere`](crate::broker::Presence::elsewhere).
    pub(super) async fn elsewhere(&self, rooms: &[Room]) -> Result<Vec<Vec<Shown>>, BusError> {
        let mut found = Vec::with_capacity(rooms.len());
        for batch in rooms.chunks(BATCH) {
            let mut ask = Pipeline::with_capacity(batch.len());
            for room in batch {
                ask.cmd("HVALS").arg(self.keys.here(room));
            }
            for answer in self.link.pipeline(ask).await? {
                let said: Vec<String> = plain(answer)?;
                let shown = said.iter().filter_map(|text| Shown::decode(text));
                found.push(shown.filter(|shown| shown.node != self.node).collect::<Vec<_>>());
            }
        }
        if found.len() != rooms.len() {
            return Err(BusError::Unavailable("an answer is missing".to_owned()));
        }
        let unsure: Vec<_> = {
            let alive = self.alive();
            let sure = |node: &NodeId| alive.get(node).is_some_and(|seen| seen.elapsed() < ALIVE);
            let mut nodes: Vec<_> = found.iter().flatten().map(|shown| &shown.node).collect();
            nodes.sort_unstable_by_key(|node| node.as_str());
            nodes.dedup();
            nodes.into_iter().filter(|node| !sure(node)).cloned().collect()
        };
        let lives = self.living(&unsure).await?;
        let dead: Vec<_> =
            unsure.iter().zip(lives).filter(|(_, lives)| !lives).map(|(node, _)| node).collect();
        for shown in &mut found {
            shown.retain(|shown| !dead.contains(&&shown.node));
        }
        Ok(found)
    }

    /// See [`Presence::living`](crate::broker::Presence::living).
    pub(super) async fn living(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BusError> {
        let mut living = Vec::with_capacity(nodes.len());
        for batch in nodes.chunks(BATCH) {
            let mut ask = Pipeline::with_capacity(batch.len());
            for node in batch {
                ask.cmd("EXISTS").arg(self.keys.lease(node.as_str()));
            }
            for answer in self.link.pipeline(ask).await? {
                living.push(plain::<u64>(answer)? > 0);
            }
        }
        if living.len() != nodes.len() {
            return Err(BusError::Unavailable("an answer is missing".to_owned()));
        }
        let mut alive = self.alive();
        alive.retain(|_, seen| seen.elapsed() < ALIVE);
        let now = Instant::now();
        alive.extend(
            nodes.iter().zip(&living).filter(|(_, lives)| **lives).map(|(node, _)| (node.clone(), now)),
        );
        Ok(living)
    }

    /// See [`Presence::sweep`](crate::broker::Presence::sweep).
    pub(super) async fn sweep(&self, node: &NodeId, rooms: &[Room]) -> Result<(), BusError> {
        for batch in rooms.chunks(BATCH) {
            let mut sweep = Pipeline::with_capacity(batch.len());
            for room in batch {
                sweep.cmd("HDEL").arg(self.keys.here(room)).arg(node.as_str());
            }
            self.link.pipeline(sweep).await?;
        }
        Ok(())
    }

    fn alive(&self) -> MutexGuard<'_, HashMap<NodeId, Instant>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer of a pipeline, which may be an error.
fn plain<T: FromRedisValue>(answer: Value) -> Result<T, BusError> {
    if let Value::ServerError(error) = &answer {
        return Err(Failure::from(error).into());
    }
    ::redis::from_redis_value(answer).map_err(|error| BusError::Unavailable(error.to_string()))
}
