//! Presence: which people are in a room on which node, as each node announces it.
//!
//! An announcement of a room replaces the node's earlier one, so a lost announcement is made good by the next. It
//! counts as long as the node's lease runs. A node renews one lease, however many rooms and people it has. Nothing of
//! this is stored as messages are: it may be late, and after a loss nodes announce again.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shared::{
    person::Person,
    text::{Name, Room, UserId},
};

use super::contract::BrokerError;

/// Most people whom one node names to the others in one room; the rest are only counted.
pub const NAMED: usize = shared::limits::PEOPLE_LISTED;

/// What nodes announce about their people.
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    /// Announces who is in these rooms on this node. All other nodes that subscribed to a room receive it as
    /// [`Event::Presence`](super::Event::Presence); nodes that subscribe later read it with [`Presence::peers`].
    /// On `Err` some of it may have been announced; repeating it does no harm. Calls are made one after the other.
    async fn announce(&self, rooms: &[(Room, Roster)]) -> Result<(), BrokerError>;

    /// What the other live nodes announced about each of these rooms, in the order asked.
    async fn peers(&self, rooms: &[Room]) -> Result<Vec<Vec<Announcement>>, BrokerError>;

    /// Whether each of these nodes is alive. A death is noticed when the node's lease ends: after 10 s with Redis.
    async fn alive(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BrokerError>;

    /// Removes what a dead node announced about these rooms.
    async fn remove(&self, node: &NodeId, rooms: &[Room]) -> Result<(), BrokerError>;
}

/// A node; another run of the same program is another node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// `word` has no space in it.
    pub fn new(word: &str) -> Self {
        Self(word.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// Who it is.
    pub id: UserId,
    /// The name.
    pub name: Name,
    /// The version of the name: of two names of one person the one with the greater version holds, whichever node
    /// announces it. 0 for a name that was never changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub named: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like this")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Occupant {
    /// What clients are told.
    pub fn person(&self) -> Person {
        Person { id: self.id.clone(), name: self.name.clone() }
    }
}

/// Who is in a room on one node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// How many people.
    pub count: u64,
    /// At most [`NAMED`] of them.
    #[serde(default)]
    pub people: Vec<Occupant>,
}

/// A node's announcement about a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The node.
    pub node: NodeId,
    /// Grows with each announcement of the node.
    pub number: u64,
    /// Who is there.
    pub roster: Roster,
}

impl Announcement {
    /// `<node> <number> <json>`
    pub(super) fn encode(node: &NodeId, number: u64, roster: &Roster) -> String {
        format!("{} {number} {}", node.as_str(), serde_json::to_string(roster).unwrap_or_default())
    }

    /// Reads what [`Announcement::encode`] wrote.
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
        let person = |number: usize| Occupant {
            id: format!("u{number}").parse().unwrap(),
            name: "A b".parse().unwrap(),
            named: number as u64,
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
