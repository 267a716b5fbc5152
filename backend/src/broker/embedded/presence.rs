//! Presence, as one node announces and reads it.

use async_trait::async_trait;
use shared::text::Room;

use super::endpoint::Endpoint;
use crate::broker::{
    BrokerError, Event, Presence,
    presence::{Announcement, NodeId, Roster},
};

#[async_trait]
impl Presence for Endpoint {
    async fn announce(&self, rooms: &[(Room, Roster)]) -> Result<(), BrokerError> {
        let (registry, node) = (&self.engine().registry, self.node());
        if !registry.lives(&node) {
            return Err(BrokerError::Unavailable("the store is closed".to_owned()));
        }
        for (room, roster) in rooms {
            let announcement = registry.rosters.announce(room, &node, roster);
            registry.push_to_others(room, &node, || Event::Presence(room.clone(), announcement.clone()));
        }
        Ok(())
    }

    async fn peers(&self, rooms: &[Room]) -> Result<Vec<Vec<Announcement>>, BrokerError> {
        let (rosters, node) = (&self.engine().registry.rosters, self.node());
        Ok(rooms.iter().map(|room| rosters.of_others(room, &node)).collect())
    }

    async fn alive(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BrokerError> {
        Ok(nodes.iter().map(|node| self.engine().registry.lives(node)).collect())
    }

    async fn remove(&self, _: &NodeId, _: &[Room]) -> Result<(), BrokerError> {
        // An endpoint that is gone has taken everything with it.
        Ok(())
    }
}
