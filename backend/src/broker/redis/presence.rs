//! Presence: one hash per room with a field for each node that has people there, and the nodes' leases.
//!
//! The probe renews the lease. Nodes that meet the announcement of a dead node remove it; else it expires.

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

use super::{failure::Failure, keys::Keys, link::Link, payload, scripts::ANNOUNCE};
use crate::broker::{
    BrokerError,
    presence::{Announcement, NodeId, Roster},
};

/// When an announcement expires; nodes repeat it sooner.
const EXPIRY: Duration = Duration::from_secs(6 * 3600);

/// Rooms, or nodes, in one round trip.
const BATCH: usize = 256;

/// How long a node that was seen alive counts as alive.
const ALIVE: Duration = Duration::from_secs(2);

/// What nodes announce, in Redis.
#[derive(Debug)]
pub(super) struct NodeRosters {
    link: Arc<Link>,
    keys: Keys,
    node: NodeId,
    number: AtomicU64,
    /// Nodes that were seen alive lately.
    seen: Mutex<HashMap<NodeId, Instant>>,
}

impl NodeRosters {
    pub(super) fn new(link: Arc<Link>, keys: Keys, node: NodeId) -> Self {
        Self { link, keys, node, number: AtomicU64::new(0), seen: Mutex::default() }
    }

    /// See [`Presence::announce`](crate::broker::Presence::announce).
    pub(super) async fn announce(&self, rooms: &[(Room, Roster)]) -> Result<(), BrokerError> {
        let expiry = EXPIRY.as_millis().to_string();
        for batch in rooms.chunks(BATCH) {
            let mut calls = Pipeline::with_capacity(batch.len());
            for (room, here) in batch {
                let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
                let announcement = Announcement::encode(&self.node, number, here);
                let mut call = ANNOUNCE.cached(&[self.keys.here(room), self.keys.channel(room)]);
                call.arg(self.node.as_str()).arg(if here.count == 0 { "" } else { &announcement });
                call.arg(&expiry).arg(payload::presence(&announcement));
                calls.add_command(call);
            }
            for answer in self.link.scripts(&ANNOUNCE, calls).await.map_err(Failure::unanswered)? {
                plain::<u64>(answer)?;
            }
        }
        Ok(())
    }

    /// See [`Presence::peers`](crate::broker::Presence::peers).
    pub(super) async fn peers(&self, rooms: &[Room]) -> Result<Vec<Vec<Announcement>>, BrokerError> {
        let mut found = Vec::with_capacity(rooms.len());
        for batch in rooms.chunks(BATCH) {
            let mut ask = Pipeline::with_capacity(batch.len());
            for room in batch {
                ask.cmd("HVALS").arg(self.keys.here(room));
            }
            for answer in self.link.pipeline(ask).await.map_err(Failure::unanswered)? {
                let said: Vec<String> = plain(answer)?;
                let shown = said.iter().filter_map(|text| Announcement::decode(text));
                found.push(shown.filter(|shown| shown.node != self.node).collect::<Vec<_>>());
            }
        }
        if found.len() != rooms.len() {
            return Err(BrokerError::Unavailable("an answer is missing".to_owned()));
        }
        let unsure: Vec<_> = {
            let seen = self.seen();
            let sure = |node: &NodeId| seen.get(node).is_some_and(|at| at.elapsed() < ALIVE);
            let mut nodes: Vec<_> = found.iter().flatten().map(|shown| &shown.node).collect();
            nodes.sort_unstable_by_key(|node| node.as_str());
            nodes.dedup();
            nodes.into_iter().filter(|node| !sure(node)).cloned().collect()
        };
        let lives = self.alive(&unsure).await?;
        let dead: Vec<_> =
            unsure.iter().zip(lives).filter(|(_, lives)| !lives).map(|(node, _)| node).collect();
        for shown in &mut found {
            shown.retain(|shown| !dead.contains(&&shown.node));
        }
        Ok(found)
    }

    /// See [`Presence::alive`](crate::broker::Presence::alive).
    pub(super) async fn alive(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BrokerError> {
        let mut living = Vec::with_capacity(nodes.len());
        for batch in nodes.chunks(BATCH) {
            let mut ask = Pipeline::with_capacity(batch.len());
            for node in batch {
                ask.cmd("EXISTS").arg(self.keys.lease(node.as_str()));
            }
            for answer in self.link.pipeline(ask).await.map_err(Failure::unanswered)? {
                living.push(plain::<u64>(answer)? > 0);
            }
        }
        if living.len() != nodes.len() {
            return Err(BrokerError::Unavailable("an answer is missing".to_owned()));
        }
        let mut seen = self.seen();
        seen.retain(|_, at| at.elapsed() < ALIVE);
        let now = Instant::now();
        seen.extend(
            nodes.iter().zip(&living).filter(|(_, lives)| **lives).map(|(node, _)| (node.clone(), now)),
        );
        Ok(living)
    }

    /// See [`Presence::remove`](crate::broker::Presence::remove).
    pub(super) async fn remove(&self, node: &NodeId, rooms: &[Room]) -> Result<(), BrokerError> {
        for batch in rooms.chunks(BATCH) {
            let mut sweep = Pipeline::with_capacity(batch.len());
            for room in batch {
                sweep.cmd("HDEL").arg(self.keys.here(room)).arg(node.as_str());
            }
            self.link.pipeline(sweep).await.map_err(Failure::unanswered)?;
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<NodeId, Instant>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer of a pipeline, which may be an error.
fn plain<T: FromRedisValue>(answer: Value) -> Result<T, BrokerError> {
    if let Value::ServerError(error) = &answer {
        return Err(Failure::from(error).unanswered());
    }
    ::redis::from_redis_value(answer).map_err(|error| BrokerError::Unavailable(error.to_string()))
}
