//! Which endpoint subscribed to which room.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use shared::text::Room;

use super::rosters::RosterTable;
use crate::broker::{Event, Lanes, presence::NodeId};

/// An endpoint and its lanes.
type Subscriber = (u64, Arc<Lanes>);

/// The endpoints, and which of them subscribed to which room.
#[derive(Debug, Default)]
pub(super) struct Registry {
    rooms: RwLock<HashMap<Room, Vec<Subscriber>>>,
    all: RwLock<Vec<Subscriber>>,
    pub(super) rosters: RosterTable,
    last: AtomicU64,
}

impl Registry {
    /// A number for a new endpoint.
    pub(super) fn next_id(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    /// Hands an event to all subscribers of the room; makes it only if there is one.
    pub(super) fn push(&self, room: &Room, event: impl Fn() -> Event) {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        for (_, lanes) in rooms.get(room).into_iter().flatten() {
            lanes.push(event());
        }
    }

    pub(super) fn subscribe(&self, room: &Room, id: u64, lanes: &Arc<Lanes>) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let subscribers = rooms.entry(room.clone()).or_default();
        if subscribers.iter().all(|(subscriber, _)| *subscriber != id) {
            subscribers.push((id, Arc::clone(lanes)));
        }
    }

    pub(super) fn unsubscribe(&self, room: &Room, id: u64) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(subscribers) = rooms.get_mut(room) {
            subscribers.retain(|(subscriber, _)| *subscriber != id);
            if subscribers.is_empty() {
                rooms.remove(room);
            }
        }
    }

    /// Whether the endpoint of this node is there.
    pub(super) fn lives(&self, node: &NodeId) -> bool {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|(id, _)| node_id(*id) == *node)
    }

    /// [`Registry::push`] to all subscribers but one.
    pub(super) fn push_to_others(&self, room: &Room, but: &NodeId, event: impl Fn() -> Event) {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        for (_, lanes) in rooms.get(room).into_iter().flatten().filter(|(id, _)| node_id(*id) != *but) {
            lanes.push(event());
        }
    }

    pub(super) fn push_all(&self, event: &Event) {
        for (_, lanes) in &*self.all.read().unwrap_or_else(PoisonError::into_inner) {
            lanes.push(event.clone());
        }
    }

    pub(super) fn add(&self, id: u64, lanes: &Arc<Lanes>) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).push((id, Arc::clone(lanes)));
    }

    pub(super) fn remove(&self, id: u64) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != id);
        self.rosters.remove_node(&node_id(id));
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|_, subscribers| {
            subscribers.retain(|(subscriber, _)| *subscriber != id);
            !subscribers.is_empty()
        });
    }
}

pub(super) fn node_id(id: u64) -> NodeId {
    NodeId::new(&id.to_string())
}
