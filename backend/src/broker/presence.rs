//! Who is where on which node, as each node says of itself.
//!
//! What a node says of a room replaces what it said before, so nothing adds up wrongly when a word is lost; it counts as
//! long as the node lives. A node costs one sign of life at a time, however many rooms and people it has. Nothing of
//! this is stored as messages are: it may be late, and what was lost is said again.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shared::{message::Person, text::Room};

use super::contract::BrokerError;

/// People whom one node names to the others in one room; more are only counted.
pub const NAMED: usize = shared::limits::PEOPLE_LISTED;

/// What nodes say about who is where.
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    /// Says who is in these rooms on this node. Every other node that took the room hears of it as
    /// [`Event::Presence`](super::Event::Presence), those that come later read it with [`Presence::peers`].
    /// On `Err` some of it may have been said; saying it again does no harm. Calls are made one after the other.
    async fn announce(&self, rooms: &[(Room, Roster)]) -> Result<(), BrokerError>;

    /// What the other nodes that live say about each of these rooms, in the order asked.
    async fn peers(&self, rooms: &[Room]) -> Result<Vec<Vec<Announcement>>, BrokerError>;

    /// Whether each of these nodes lives. One that died is found out within [`Presence::announce`]'s lease: 10 s with Redis.
    async fn alive(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BrokerError>;

    /// Takes away what a node that does not live any more left about these rooms.
    async fn remove(&self, node: &NodeId, rooms: &[Room]) -> Result<(), BrokerError>;
}

/// A node; another run of the same program is another node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// By its word, which has no space in it.
    pub fn new(word: &str) -> Self {
        Self(word.into())
    }

    /// Its word.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who is in a room on one node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// How many people.
    pub count: u64,
    /// At most [`NAMED`] of them.
    #[serde(default)]
    pub people: Vec<Person>,
}

/// What a node said of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Which node.
    pub node: NodeId,
    /// What it says later has a greater number.
    pub number: u64,
    /// Who is there.
    pub roster: Roster,
}

impl Announcement {
    /// `<node> <number> <json>`
    pub(super) fn encode(node: &NodeId, number: u64, roster: &Roster) -> String {
        format!("{} {number} {}", node.as_str(), serde_json::to_string(roster).unwrap_or_default())
    }

    /// Takes over what [`Announcement::encode`] gave.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let (node, rest) = text.split_once(' ')?;
        let (number, json) = rest.split_once(' ')?;
        let mut roster: Roster = serde_json::from_str(json).ok()?;
        roster.people.truncate(NAMED);
        roster.count = roster.count.max(roster.people.len() as u64);
        Some(Self { node: NodeId::new(node), number: number.parse().ok()?, roster })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again_within_its_bound() {
        let person = |number: usize| Person {
            id: format!("u{number}").parse().unwrap(),
            name: "A b".parse().unwrap(),
        };
        let here = Roster { count: 500, people: (0..NAMED).map(person).collect() };
        let (node, text) =
            (NodeId::new("n1"), |here: &Roster| Announcement::encode(&NodeId::new("n1"), 7, here));
        assert_eq!(
            Announcement::decode(&text(&here)),
            Some(Announcement { node, number: 7, roster: here.clone() })
        );
        let many = Roster { count: 1, people: (0..NAMED + 5).map(person).collect() };
        let read = Announcement::decode(&text(&many)).unwrap().roster;
        assert_eq!((read.people.len(), read.count), (NAMED, NAMED as u64));
        for bad in ["", "n1", "n1 7", "n1 x {}", "n1 7 {", "n1 7 []"] {
            assert_eq!(Announcement::decode(bad), None, "{bad:?}");
        }
    }
}
