//! The contract of a broker: nine methods that carry, order and keep messages.
//!
//! # What every broker promises
//!
//! - **Stored means kept.** [`Core::publish`] answers `Ok` only after the entry is in the room's history,
//!   as durably as that broker is set up to be ([`Health::durability`]).
//! - **One atomic step** checks the nonce, stores the entry and hands it to the subscribers. For [`NONCE_WINDOW`]
//!   (at least) a repeated `(sender, nonce)` in a room is answered with the first position, on every node.
//! - **One order.** Entries of a room form a chain: each carries the position of the one before it.
//!   History and live delivery show the same chain; publishes of one caller to one room keep their order.
//! - **Delivery may lose, never invent.** A node receives the entries of its rooms in chain order, with holes at
//!   worst. A hole is visible in the chain (`prev`), or reported as [`Event::Gapped`], or followed by a new
//!   [`Health::generation`], upon which the hub compares all its rooms with [`Core::heads`].
//!
//! [`NONCE_WINDOW`]: shared::limits::NONCE_WINDOW
//! [`Event::Gapped`]: super::Event::Gapped

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use shared::text::{Position, Room};
use tokio::sync::watch;

use super::entry::{Draft, StoredEntry};

/// How many times as many entries as a room keeps by count are kept while they are young.
pub const YOUNG_TIMES: u64 = 10;

/// One node's connection to a broker.
#[async_trait]
pub trait Core: Send + Sync + 'static {
    /// Stores one entry at the end of a room and hands it to all subscribers of the room.
    ///
    /// The draft is queued before this returns: calls from one task to one room are stored in call order, without the
    /// futures being polled in between. The future answers within the broker's publish deadline.
    ///
    /// A draft with [`Draft::amends`] changes what an earlier entry says (an edit, a deletion). It is an entry of its
    /// own with a place in the chain, does not count, and from then on every read shows the new record in the place of
    /// the old one, until that entry is trimmed. Of two amendments of one entry the later in the chain holds. If the
    /// history has no such entry, or it is an amendment itself, the answer is [`BrokerError::Gone`]. The broker does
    /// not know who may change what: the caller asks the policy first.
    fn publish(&self, room: &Room, draft: Draft) -> BoxFuture<'static, Result<Stored, BrokerError>>;

    /// Reads a contiguous run of a room's history, oldest first.
    async fn read(&self, room: &Room, span: Span) -> Result<Run, BrokerError>;

    /// The newest position of each room, in the order asked; [`Position::start`] for a room without history.
    /// Any number of rooms: the broker batches.
    async fn heads(&self, rooms: &[Room]) -> Result<Vec<Position>, BrokerError>;

    /// The first of `positions` that the room's history still has. Finds where a history that lost its tail goes on;
    /// `positions` come newest first. [`Position::start`] counts as in [`Anchor::After`].
    async fn first_kept(&self, room: &Room, positions: &[Position]) -> Result<Option<Position>, BrokerError>;

    /// From the moment this returns `Ok`, every entry stored in the room reaches this node's
    /// [`Lanes`](super::Lanes). Subscribing twice is no error and needs one [`Core::unsubscribe`].
    /// On `Err` the node is not subscribed.
    async fn subscribe(&self, room: &Room) -> Result<(), BrokerError>;

    /// Ends [`Core::subscribe`]. What is on its way may still arrive. On `Err` the node keeps receiving.
    async fn unsubscribe(&self, room: &Room) -> Result<(), BrokerError>;

    /// Sends something that is not stored. A node whose connection is interrupted meanwhile does not receive it.
    async fn broadcast(&self, to: Audience<'_>, what: Bytes) -> Result<(), BrokerError>;

    /// Whether messages travel through the broker and back to this node. Follows a real round trip.
    fn health(&self) -> watch::Receiver<Health>;

    /// Finishes what was accepted and releases what is held. Nothing may be called after it.
    async fn close(&self);
}

/// Which nodes receive a broadcast. The sending node is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience<'a> {
    /// All nodes that subscribed to the room, as [`Event::Broadcast`](super::Event::Broadcast).
    Room(&'a Room),
    /// All nodes, as [`Event::NodeBroadcast`](super::Event::NodeBroadcast).
    Nodes,
}

/// The answer to a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where the entry stands.
    pub position: Position,
    /// Its running number; absent for a duplicate.
    pub n: Option<u64>,
    /// It was there already: this is the position of the first try.
    pub duplicate: bool,
}

/// Which run of a history to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where the run lies.
    pub from: Anchor,
    /// How many entries at most, at least 1. A broker may give fewer (it bounds bytes too), never none if there are some.
    pub limit: usize,
}

/// Where a run lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// The newest entries.
    Newest,
    /// The entries up to and including this one. Up to [`Position::start`] there are none: found, and empty.
    Through(Position),
    /// The entries before this one. Before [`Position::start`] there are none: found, and empty.
    Before(Position),
    /// The entries after this one. [`Position::start`] is there if the room lost no entry at its beginning; so is the
    /// place right before the oldest entry that is kept, or where the room stands if none is.
    After(Position),
    /// This entry in the middle of its neighbours. Around [`Position::start`] are the entries after it.
    Around(Position),
}

/// A contiguous run of a room's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Oldest first.
    pub entries: Vec<StoredEntry>,
    /// Whether the position that was asked for is in the history. If not, `entries` is empty.
    /// Always true for [`Anchor::Newest`].
    pub found: bool,
    /// Whether the history has entries before the first of these.
    pub older: bool,
    /// Whether the history has entries after the last of these.
    pub newer: bool,
}

/// How the broker does, as far as this node can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// A probe went through the broker and came back within the last few seconds, and nothing forbids serving.
    pub ready: bool,
    /// Grows each time delivery was interrupted and is whole again: whatever was sent in between may be missing.
    pub generation: u64,
    /// Why it is not ready, for people.
    pub reason: Option<String>,
    /// The last round trip.
    pub round_trip: Option<Duration>,
    /// When the last probe came back.
    pub probed: Option<Instant>,
    /// What an ack means with this broker as it is set up: one short phrase for the readiness answer.
    pub durability: Arc<str>,
}

impl Health {
    /// Not ready, for a reason.
    pub fn down(reason: impl Into<String>) -> Self {
        Self {
            ready: false,
            generation: 0,
            reason: Some(reason.into()),
            round_trip: None,
            probed: None,
            durability: "not known yet".into(),
        }
    }
}

/// Why the broker refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// Not done: the broker cannot be reached or refuses writes (read-only, misconfigured).
    #[error("the broker is unavailable: {0}")]
    Unavailable(String),
    /// No answer in time: it may have been done.
    #[error("the broker did not answer in time")]
    Unknown,
    /// Not stored: no space is left.
    #[error("the store is full: {0}")]
    Full(String),
    /// Not stored: too many publishes wait already.
    #[error("too many messages wait for the broker")]
    Overloaded,
    /// Not stored: the room's rights changed to this version meanwhile; decide again.
    #[error("the rights of the room changed")]
    Stale(u64),
    /// Not stored: the entry that was to be changed is not in the history.
    #[error("that message is not there any more")]
    Gone,
}
