//! Who is where: in memory, since every node of the store is in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use shared::text::Room;

use super::endpoint::Endpoint;
use crate::broker::{
    BrokerError, Event, Presence,
    presence::{Announcement, NodeId, Roster},
};

/// What the endpoints said, by room.
#[derive(Debug, Default)]
pub(super) struct RosterTable(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    number: u64,
    rooms: HashMap<Room, HashMap<NodeId, Announcement>>,
}

impl RosterTable {
    /// An endpoint is gone.
    pub(super) fn leave(&self, node: &NodeId) {
        self.lock().rooms.retain(|_, shown| {
            shown.remove(node);
            !shown.is_empty()
        });
    }

    fn show(&self, room: &Room, node: &NodeId, here: &Roster) -> Announcement {
        let mut said = self.lock();
        said.number += 1;
        let shown = Announcement { node: node.clone(), number: said.number, roster: here.clone() };
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
    async fn announce(&self, rooms: &[(Room, Roster)]) -> Result<(), BrokerError> {
        let (registry, node) = (&self.engine().registry, self.node());
        if !registry.lives(&node) {
            return Err(BrokerError::Unavailable("the store is closed".to_owned()));
        }
        for (room, here) in rooms {
            let shown = registry.rosters.show(room, &node, here);
            registry.push_to_others(room, &node, || Event::Presence(room.clone(), shown.clone()));
        }
        Ok(())
    }

    async fn peers(&self, rooms: &[Room]) -> Result<Vec<Vec<Announcement>>, BrokerError> {
        let (said, node) = (self.engine().registry.rosters.lock(), self.node());
        let others = |room| {
            let nodes = said.rooms.get(room).into_iter().flat_map(HashMap::values);
            nodes.filter(|shown| shown.node != node).cloned().collect()
        };
        Ok(rooms.iter().map(others).collect())
    }

    async fn alive(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BrokerError> {
        Ok(nodes.iter().map(|node| self.engine().registry.lives(node)).collect())
    }

    async fn remove(&self, _: &NodeId, _: &[Room]) -> Result<(), BrokerError> {
        // An endpoint that is gone has taken everything with it.
        Ok(())
    }
}
