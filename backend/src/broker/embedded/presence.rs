//! Who is where: in memory, since every node of the store is in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use shared::text::Room;

use super::endpoint::Endpoint;
use crate::broker::{
    BusError, Event, Presence,
    presence::{Here, NodeId, Shown},
};

/// What the endpoints said, by room.
#[derive(Debug, Default)]
pub(super) struct Shows(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    number: u64,
    rooms: HashMap<Room, HashMap<NodeId, Shown>>,
}

impl Shows {
    /// An endpoint is gone.
    pub(super) fn leave(&self, node: &NodeId) {
        self.lock().rooms.retain(|_, shown| {
            shown.remove(node);
            !shown.is_empty()
        });
    }

    fn show(&self, room: &Room, node: &NodeId, here: &Here) -> Shown {
        let mut said = self.lock();
        said.number += 1;
        let shown = Shown { node: node.clone(), number: said.number, here: here.clone() };
        let nodes = said.rooms.entry(room.clone()).or_default();
        if here.count == 0 {
            nodes.remove(node);
        } else {
            nodes.insert(node.clone(), shown.clone());
        }
        if nodes.is_empty() {
            said.rooms.remove(room);
        }
        shown
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for Endpoint {
    async fn show(&self, rooms: &[(Room, Here)]) -> Result<(), BusError> {
        let (registry, node) = (&self.core().registry, self.node());
        if !registry.lives(&node) {
            return Err(BusError::Unavailable("the store is closed".to_owned()));
        }
        for (room, here) in rooms {
            let shown = registry.shows.show(room, &node, here);
            registry.push_to_others(room, &node, || Event::Here(room.clone(), shown.clone()));
        }
        Ok(())
    }

    async fn elsewhere(&self, rooms: &[Room]) -> Result<Vec<Vec<Shown>>, BusError> {
        let (said, node) = (self.core().registry.shows.lock(), self.node());
        let others = |room| {
            let nodes = said.rooms.get(room).into_iter().flat_map(HashMap::values);
            nodes.filter(|shown| shown.node != node).cloned().collect()
        };
        Ok(rooms.iter().map(others).collect())
    }

    async fn living(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BusError> {
        Ok(nodes.iter().map(|node| self.core().registry.lives(node)).collect())
    }

    async fn sweep(&self, _: &NodeId, _: &[Room]) -> Result<(), BusError> {
        // An endpoint that is gone has taken everything with it.
        Ok(())
    }
}
