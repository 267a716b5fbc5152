//! What the endpoints announced about their people: in memory, since all nodes of a store are in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use shared::text::Room;

use crate::broker::presence::{Announcement, NodeId, Roster};

/// What the endpoints announced, by room.
#[derive(Debug, Default)]
pub(super) struct RosterTable(Mutex<Announced>);

#[derive(Debug, Default)]
struct Announced {
    number: u64,
    rooms: HashMap<Room, HashMap<NodeId, Announcement>>,
}

impl RosterTable {
    /// An endpoint is gone.
    pub(super) fn remove_node(&self, node: &NodeId) {
        self.lock().rooms.retain(|_, announcement| {
            announcement.remove(node);
            !announcement.is_empty()
        });
    }

    pub(super) fn announce(&self, room: &Room, node: &NodeId, here: &Roster) -> Announcement {
        let mut announced = self.lock();
        announced.number += 1;
        let announcement =
            Announcement { node: node.clone(), number: announced.number, roster: here.clone() };
        let nodes = announced.rooms.entry(room.clone()).or_default();
        if here.count == 0 {
            nodes.remove(node);
        } else {
            nodes.insert(node.clone(), announcement.clone());
        }
        if nodes.is_empty() {
            announced.rooms.remove(room);
        }
        announcement
    }

    /// What the nodes but one announced about a room.
    pub(super) fn of_others(&self, room: &Room, but: &NodeId) -> Vec<Announcement> {
        let announced = self.lock();
        let nodes = announced.rooms.get(room).into_iter().flat_map(HashMap::values);
        nodes.filter(|announcement| announcement.node != *but).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Announced> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
