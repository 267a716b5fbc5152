//! The seam between a node and what carries, orders and keeps its messages.
//!
//! | file | idea |
//! |---|---|
//! | [`contract`] | [`Core`]: what every broker promises, in nine methods |
//! | [`state`] | [`State`]: small keyed records with versions |
//! | [`presence`] | [`Presence`]: which people are in a room on which node |
//! | [`room_index`] | [`RoomIndex`]: all rooms, for [`export`] |
//! | [`entry`] | what a room keeps |
//! | [`lane`] | bounded, ordered hand-over from a broker to the hub |
//! | [`room`] | how a room is kept |
//! | [`embedded`], [`redis`] | the two brokers |
//!
//! One conformance suite defines for both brokers what the contract means. A broker never sees a session.

pub mod contract;
pub mod embedded;
pub mod entry;
pub mod export;
pub mod lane;
pub mod presence;
pub mod redis;
pub mod room;
pub mod room_index;
pub mod state;

use std::sync::Arc;

pub use self::{
    contract::{Anchor, Audience, BrokerError, Core, Health, Run, Span, Stored, YOUNG_TIMES},
    entry::{Change, Draft, Record, StoredEntry},
    lane::{Event, Lane, Lanes},
    presence::Presence,
    room_index::RoomIndex,
    state::{Key, Kind, State, StateError, Versioned},
};

/// One node's connection to a broker. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    /// Messages.
    pub core: Arc<dyn Core>,
    /// Small keyed records.
    pub state: Arc<dyn State>,
    /// Which people are in a room on which node.
    pub presence: Arc<dyn Presence>,
    /// All rooms, for export.
    pub rooms: Arc<dyn RoomIndex>,
    /// What the broker delivers to this node, by room, in order.
    pub lanes: Arc<Lanes>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}
