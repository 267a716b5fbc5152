//! What the server says on `hubbub.v1`: replies, which repeat a request id, and events, which nobody asked for.
//!
//! Unknown kinds and unknown fields are ignored by clients, so that old pages live with new nodes.

mod read;

use serde::Serialize;

use crate::{
    error::ProtocolError,
    json::Unreadable,
    message::{Message, Person},
    text::{Name, Position, Room, UserId},
};

/// One text frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// The answer to the request with this id.
    Reply(u64, Reply),
    /// Something that happened.
    Event(Event),
}

/// Answers to commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// To `hello`.
    Welcome(Welcome),
    /// To `join`.
    Joined(Joined),
    /// To `leave`.
    Left {
        /// Which room.
        room: Room,
    },
    /// To `send`: it is stored.
    Sent {
        /// Which room.
        room: Room,
        /// Where it stands.
        position: Position,
        /// Its running number, or absent for a duplicate.
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
        /// An earlier try with this nonce was stored; this is its position.
        duplicate: bool,
    },
    /// To `history`.
    Page(Page),
    /// To `rename`.
    Renamed {
        /// The name as it is kept.
        name: Name,
    },
    /// To `forget`: the new guest that this connection is from now on.
    Forgotten(Welcome),
    /// To `ping`.
    Pong,
    /// To anything that was refused.
    Error(ProtocolError),
    /// A kind that this build does not know.
    Unknown,
}

/// Who the client is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Welcome {
    /// Stable for as long as the token is kept.
    pub user: UserId,
    /// The name as it is kept.
    pub name: Name,
    /// To be shown in the next `hello`, on any node. Secret.
    pub token: String,
    /// When the token ends, in milliseconds since the Unix epoch. Each `welcome` renews it.
    pub expires: u64,
    /// The node that answers.
    pub node: String,
    /// Why the token that was shown was not accepted, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<ProtocolError>,
}

/// A room, entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Joined {
    /// Which room.
    pub room: Room,
    /// Where the room stands: every message after it follows as an event.
    pub position: Position,
    /// Whether `messages` are exactly what came after `since`. If not, they are the newest page.
    pub recovered: bool,
    /// Oldest first, up to and including `position`.
    pub messages: Vec<Message>,
    /// Whether the room has older messages than the first of these.
    pub older: bool,
    /// How many people are in the room, on all nodes.
    pub here: u64,
    /// The first [`PEOPLE_LISTED`](crate::limits::PEOPLE_LISTED) of them.
    pub people: Vec<Person>,
}

/// A run of history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Which room.
    pub room: Room,
    /// The messages; each one's `prev` is the one before it.
    pub messages: Vec<Message>,
    /// Whether there are older ones than the first.
    pub older: bool,
    /// Whether there are newer ones than the last.
    pub newer: bool,
    /// Whether the position that was asked for is still there. If not, these are the newest messages.
    pub found: bool,
}

/// What happens unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Somebody said something in a joined room.
    Message {
        /// Where.
        room: Room,
        /// What.
        #[serde(flatten)]
        message: Message,
    },
    /// A run of messages is gone: the server no longer has them, whether or not they were shown.
    Lost {
        /// Where.
        room: Room,
        /// The newest position that is still there; the room goes on from it. `0` when none is.
        after: Position,
        /// The last position that is known to be gone.
        through: Position,
    },
    /// Who came and went, on all nodes.
    Presence {
        /// Where.
        room: Room,
        /// How many are here now.
        here: u64,
        /// Who came, or changed their name.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        came: Vec<Person>,
        /// Who went.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        went: Vec<UserId>,
    },
    /// This node leaves: connect again after the delay.
    Move {
        /// How long to stay, in milliseconds; chosen by the server to spread the clients over time.
        after_ms: u64,
    },
    /// Whether this node can take and deliver messages.
    Status {
        /// The broker answers.
        ready: bool,
    },
    /// Trouble that belongs to no request.
    Error(ProtocolError),
    /// A kind that this build does not know.
    Unknown,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: u64,
    #[serde(flatten)]
    reply: &'a Reply,
}

impl ServerFrame {
    /// Reads one text frame.
    pub fn decode(text: &str) -> Result<Self, Unreadable> {
        read::frame(text)
    }

    /// The text frame.
    pub fn encode(&self) -> String {
        match self {
            Self::Reply(id, reply) => serde_json::to_string(&Answer { id: *id, reply }),
            Self::Event(event) => serde_json::to_string(event),
        }
        .unwrap_or_default()
    }
}
