//! What people say, as it stands in a room's history.

use serde::{Deserialize, Serialize};

use crate::text::{Body, Name, Nonce, Position, UserId};

/// One message of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where it stands.
    pub position: Position,
    /// The position of the one before it. A gap is `prev` differing from the last position seen.
    pub prev: Position,
    /// Its running number in the room, from 1. Counts messages, never identifies one.
    pub n: u64,
    /// When the node took it, in milliseconds since the Unix epoch. For people; never used for order.
    pub at: u64,
    /// Who said it, as they were called then.
    pub sender: Sender,
    /// The sender's mark of this message: how the sender's own pages recognise it.
    pub nonce: Nonce,
    /// What was said.
    pub body: Body,
}

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sender {
    /// Stable across connections for guests; one per connection for classic clients.
    pub id: UserId,
    /// The display name at that time.
    pub name: Name,
    /// Where the identity comes from.
    pub kind: SenderKind,
}

/// Where an identity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderKind {
    /// A client of the classic protocol: nameless, one identity per connection.
    Classic,
    /// Somebody who took a name; the server signed the identity.
    Guest,
    /// A kind that this build does not know.
    #[serde(other)]
    Unknown,
}

/// Somebody who is in a room now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Who it is.
    pub id: UserId,
    /// What they are called now.
    pub name: Name,
}
