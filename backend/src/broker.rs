//! The seam between a node and what carries, orders and keeps its messages.
//!
//! A broker is four narrow, object-safe traits: [`Log`] (ordered, kept messages), [`Bus`] (what moves between
//! nodes now), [`State`] (small keyed records) and [`Presence`] (who is where). Two implementations exist, [`embedded`] and [`redis`];
//! one conformance suite defines for both what the words below mean. A broker never sees a session.
//!
//! # What every broker promises
//!
//! - **Stored means kept.** [`Log::publish`] answers `Ok` only after the entry is in the room's history,
//!   as durably as that broker is set up to be.
//! - **One atomic step** checks the nonce, stores the entry and hands it to the bus. For [`NONCE_WINDOW`]
//!   (at least) a repeated `(sender, nonce)` in a room is answered with the first position, on every node.
//! - **One order.** Entries of a room form a chain: each carries the position of the one before it.
//!   History and the bus show the same chain; publishes of one caller to one room keep their order.
//! - **The bus may lose, never invent.** An endpoint receives the entries of the rooms it took in chain order,
//!   with holes at worst. A hole is either visible in the chain (`prev`), or told as [`Event::Gapped`], or
//!   followed by a new [`Health::generation`], upon which the hub compares all its rooms with [`Log::heads`].
//!
//! [`NONCE_WINDOW`]: shared::limits::NONCE_WINDOW

pub mod embedded;
pub mod entry;
pub mod export;
pub mod lane;
pub mod presence;
pub mod redis;
pub mod room;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use shared::text::{Position, Room, UserId};
use tokio::sync::watch;

pub use self::{
    entry::{Change, Draft, Entry, Record},
    lane::{Event, Lane, Lanes},
    presence::Presence,
};

/// One node's connection to a broker. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    /// Ordered, kept messages.
    pub log: Arc<dyn Log>,
    /// What moves between nodes now.
    pub bus: Arc<dyn Bus>,
    /// Small keyed records.
    pub state: Arc<dyn State>,
    /// Who is where on which node.
    pub presence: Arc<dyn Presence>,
    /// What the bus delivers to this node, by room, in order.
    pub lanes: Arc<Lanes>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}

/// The ordered, kept messages of rooms.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Stores one entry at the end of a room and hands it to everybody who took the room.
    ///
    /// Queued before it returns: calls from one task to one room are stored in call order, without the futures
    /// being polled in between. The future answers within the broker's publish deadline.
    fn publish(&self, room: &Room, draft: Draft) -> BoxFuture<'static, Result<Stored, LogError>>;

    /// Changes what an entry says, for an edit or a deletion: `draft` (see [`Record::amendment`]) is stored as an entry
    /// of its own, which has a place in the chain and does not count, and from then on every read shows `change.record`
    /// at `change.position`. That record goes when its entry is trimmed. All of it happens in one atomic step, with the
    /// draft's nonce like any other's; of two amendments of one entry the later in the chain holds.
    /// Who may change what is not the broker's to know: whoever calls has asked the policy.
    ///
    /// Answers [`LogError::Gone`] if the history has no such entry, or it is an amendment itself.
    fn amend(
        &self,
        room: &Room,
        draft: Draft,
        change: Change,
    ) -> BoxFuture<'static, Result<Stored, LogError>> {
        self.publish(room, Draft { counts: false, amends: Some(change), ..draft })
    }

    /// Reads a contiguous run of a room's history, oldest first.
    async fn read(&self, room: &Room, span: Span) -> Result<Run, LogError>;

    /// The newest position of each room, in the order asked; [`Position::start`] for a room without history.
    /// Any number of rooms; the broker batches.
    async fn heads(&self, rooms: &[Room]) -> Result<Vec<Position>, LogError>;

    /// The first of `positions` that the room's history still has. For finding where a history that lost its
    /// tail goes on; `positions` come newest first. [`Position::start`] is there as in [`From::After`].
    async fn first_kept(&self, room: &Room, positions: &[Position]) -> Result<Option<Position>, LogError>;

    /// Some of the rooms that have a history, in no particular order, and where to go on; `None` when that was all.
    /// A room may come twice. For export only: it may look at every key there is.
    async fn rooms(&self, cursor: Option<String>) -> Result<(Vec<Room>, Option<String>), LogError>;
}

/// What moves between nodes now, and how the node knows that it does.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// From the moment it returns `Ok`, every entry stored in the room reaches this node's [`Lanes`].
    /// Taking a room twice is no error and needs one [`Bus::give_up`].
    /// On `Err` the room is not taken.
    async fn take(&self, room: &Room) -> Result<(), BusError>;

    /// Ends [`Bus::take`]. What is on its way may still arrive. On `Err` the node keeps receiving.
    async fn give_up(&self, room: &Room) -> Result<(), BusError>;

    /// Tells every node that took `room` (this one included) something that is not stored.
    async fn tell(&self, room: &Room, what: Bytes) -> Result<(), BusError>;

    /// Tells every node (this one included), whatever it took, something that is not stored: [`Event::ToldAll`].
    /// A node whose bus is interrupted meanwhile does not hear it.
    async fn tell_all(&self, what: Bytes) -> Result<(), BusError>;

    /// Whether messages travel through the broker and back to this node. Follows a real round trip.
    fn health(&self) -> watch::Receiver<Health>;

    /// What an ack means with this broker as it is set up, for the readiness answer: one short sentence.
    fn durability(&self) -> String;

    /// Finishes what was accepted and releases what is held. Nothing may be called after it.
    async fn close(&self);
}

/// Small keyed records with versions. Values are opaque, but for those of [`Key::Room`].
#[async_trait]
pub trait State: Send + Sync + 'static {
    /// The record, unless there is none or it expired.
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StateError>;

    /// Writes the record, atomically on condition that its version is `expect` (`Some(0)`: there is none;
    /// `None`: whatever it is). Returns the new version, which is greater than every earlier one of this key
    /// as long as the record exists. Writing [`Key::Rights`] also makes it the room's rights version, in the same
    /// step: from then on drafts decided under another one are refused with [`LogError::Stale`].
    async fn put(
        &self,
        key: &Key,
        expect: Option<u64>,
        value: Bytes,
        expires: Option<Duration>,
    ) -> Result<u64, StateError>;

    /// Reads and deletes in one step: of two callers one gets the record.
    async fn take(&self, key: &Key) -> Result<Option<Versioned>, StateError>;

    /// Keys of one kind after `after` in the order of their names, at most `limit`.
    async fn list(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<String>, StateError>;
}

/// A record and how often it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Grows with each write, from 1.
    pub version: u64,
    /// What was written last.
    pub value: Bytes,
}

/// What a record is about. Nobody outside a broker sees how a key is spelled in Redis or on disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The secret that tokens are signed with.
    Secret,
    /// What is known of a person: from when on tokens are valid.
    Person(UserId),
    /// What is known of a room as a whole: a [`room::RoomRecord`], which says how the room is kept from then on.
    Room(Room),
    /// Who may do what in a room.
    Rights(Room),
}

/// The kinds of [`Key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`Key::Secret`]
    Secret,
    /// [`Key::Person`]
    Person,
    /// [`Key::Room`]
    Room,
    /// [`Key::Rights`]
    Rights,
}

impl Key {
    /// The kind of the key.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Secret => Kind::Secret,
            Self::Person(_) => Kind::Person,
            Self::Room(_) => Kind::Room,
            Self::Rights(_) => Kind::Rights,
        }
    }

    /// What tells it from others of its kind, as [`State::list`] gives it.
    pub fn name(&self) -> &str {
        match self {
            Self::Secret => "",
            Self::Person(user) => user.as_str(),
            Self::Room(room) | Self::Rights(room) => room.as_str(),
        }
    }
}

impl Kind {
    /// A short, stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Person => "person",
            Self::Room => "room",
            Self::Rights => "rights",
        }
    }
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
    pub from: From,
    /// How many entries at most, at least 1. A broker may give fewer (it bounds bytes too), never none if there are some.
    pub limit: usize,
}

/// Where a run lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The newest entries.
    Newest,
    /// The entries up to and including this one.
    Through(Position),
    /// The entries before this one.
    Before(Position),
    /// The entries after this one. [`Position::start`] is there if the room lost no entry at its beginning; so is the
    /// place right before the oldest entry that is kept, or where the room stands if none is.
    After(Position),
    /// This entry in the middle of its neighbours.
    Around(Position),
}

/// A contiguous run of a room's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Whether the position that was asked for is in the history. If not, `entries` is empty.
    /// Always true for [`From::Newest`].
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
    /// Grows each time the bus was interrupted and is whole again: whatever was sent in between may be missing.
    pub generation: u64,
    /// Why it is not ready, for people.
    pub reason: Option<String>,
    /// The last round trip.
    pub round_trip: Option<Duration>,
    /// When the last probe came back.
    pub probed: Option<Instant>,
}

impl Health {
    /// Not ready, for a reason.
    pub fn down(reason: impl Into<String>) -> Self {
        Self { ready: false, generation: 0, reason: Some(reason.into()), round_trip: None, probed: None }
    }
}

/// Why the log refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not stored: the broker cannot be reached or refuses writes (read-only, misconfigured).
    #[error("the broker is unavailable: {0}")]
    Unavailable(String),
    /// No answer in time: it may have been stored.
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

/// Why the bus refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The broker cannot be reached.
    #[error("the broker is unavailable: {0}")]
    Unavailable(String),
    /// No answer in time.
    #[error("the broker did not answer in time")]
    Timeout,
}

/// Why the state refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The record has another version than expected: this one (0: there is none). Nothing was written.
    #[error("the record was changed by somebody else (it has version {0})")]
    Conflict(u64),
    /// The broker cannot be reached, or the store is full.
    #[error("the broker is unavailable: {0}")]
    Unavailable(String),
    /// No answer in time: a write may have happened.
    #[error("the broker did not answer in time")]
    Unknown,
}
