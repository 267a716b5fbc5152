//! Small keyed records with versions, beside the messages.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use shared::text::{Room, UserId};

/// Small keyed records with versions. Values are opaque, but for those of [`Key::Room`].
#[async_trait]
pub trait State: Send + Sync + 'static {
    /// The record, unless there is none or it expired.
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StateError>;

    /// Writes the record, atomically on condition that its version is `expect` (`Some(0)`: there is none;
    /// `None`: whatever it is). Returns the new version, which is greater than every earlier one of this key
    /// as long as the record exists. Writing [`Key::Rights`] also makes it the room's rights version, in the same
    /// step: from then on drafts decided under another one are refused with [`BrokerError::Stale`](super::BrokerError::Stale).
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
    /// What is known of a room as a whole: a [`RoomRecord`](super::room::RoomRecord), which says how the room is kept from then on.
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
