//! What the server says on `hubbub.v1`: replies, which repeat a request id, and events, which nobody asked for.
//!
//! Unknown kinds and unknown fields are ignored by clients, so that old pages live with new nodes.

use crate::{
    command::ID,
    entry::{Entries, Entry},
    error::ProtocolError,
    person::Person,
    table::{Field, Fields, Flat, Frames, Sparse, Unreadable, Writer, frames, record},
    text::{Name, Position, Room, UserId},
};

frames! {
    /// Answers to commands.
    pub enum Reply by "type" {
        /// To `hello`: who the client is from now on.
        Welcome(Welcome) = "welcome",
        /// To `join`: a room, entered.
        Joined(Joined) = "joined",
        /// To `leave`.
        Left(Left) = "left",
        /// To `send` and `react`: it is stored.
        Sent(Sent) = "sent",
        /// To `history`: a run of entries.
        Page(Page) = "page",
        /// To `rename`.
        Renamed(Renamed) = "renamed",
        /// To `forget`: the new guest that this connection is from now on.
        Forgotten(Welcome) = "forgotten",
        /// To `ping`.
        Pong = "pong",
        /// To any command that was refused.
        Error(ProtocolError) = "error",
        /// Never sent: it stands for every type that a reader does not know.
        Unknown = "unknown",
    }
}

frames! {
    /// What happens unasked.
    pub enum Event by "type" {
        /// Somebody said something in a joined room.
        Message(Happened) = "message",
        /// Something else happened in a joined room, told by its `kind`.
        Entry(Happened) = "entry",
        /// A run of entries is gone: the server no longer has them, whether or not they were shown.
        Lost(Lost) = "lost",
        /// Who came and went, on all nodes.
        Presence(Presence) = "presence",
        /// This node leaves: connect again after the delay.
        Move(Move) = "move",
        /// Whether this node can store and deliver messages now; told when it changes, and after `welcome` if it
        /// cannot.
        Status(Status) = "status",
        /// Trouble with a frame whose `id` could not be read.
        Error(ProtocolError) = "error",
        /// Never sent: it stands for every type that a reader does not know.
        Unknown = "unknown",
    }
}

record! {
    /// Who the client is from now on.
    pub struct Welcome {
        /// Stable for as long as the token is kept.
        user: UserId,
        /// The name as it is kept.
        name: Name,
        /// To be shown in the next `hello`, on any node. Secret.
        token: String,
        /// When the token ends, in milliseconds since the Unix epoch. Each `welcome` renews it.
        expires: u64,
        /// The node that answers.
        node: String,
        /// Why the token that was shown was not accepted, if it was not.
        refused: Option<ProtocolError>,
    }
}

record! {
    /// A room, entered.
    pub struct Joined {
        /// Which room.
        room: Room,
        /// Where the room stands: every entry after it follows as an event.
        position: Position,
        /// Whether `messages` are exactly what came after `since`. If not, they are the newest page.
        recovered: bool,
        /// Entries of every kind, oldest first, up to and including `position`.
        entries as "messages": Entries,
        /// Whether the room has something older than the first of these (or, if there are none, than `position`).
        older: bool,
        /// How many people are in the room, on all nodes.
        here: u64,
        /// The first 100 of them.
        people: Vec<Person>,
    }
}

record! {
    /// See [`Reply::Left`].
    pub struct Left {
        /// Which room.
        room: Room,
    }
}

record! {
    /// See [`Reply::Sent`].
    pub struct Sent {
        /// Which room.
        room: Room,
        /// Where it stands.
        position: Position,
        /// Its running number; may be absent for a duplicate.
        n: Option<u64>,
        /// An earlier try with this nonce was stored; this is its position.
        duplicate: bool,
    }
}

record! {
    /// A run of history, oldest first.
    pub struct Page {
        /// Which room.
        room: Room,
        /// Entries of every kind; each one's `prev` is the position of the one before it.
        entries as "messages": Entries,
        /// Whether there are older ones than the first.
        older: bool,
        /// Whether there are newer ones than the last.
        newer: bool,
        /// Whether the position that was asked for is still there. If not, these are the newest entries.
        found: bool,
    }
}

record! {
    /// See [`Reply::Renamed`].
    pub struct Renamed {
        /// The name as it is kept.
        name: Name,
    }
}

record! {
    /// A new entry of a joined room.
    pub struct Happened {
        /// Where.
        room: Room,
        /// The entry.
        entry: Flat<Entry>,
    }
}

record! {
    /// See [`Event::Lost`].
    pub struct Lost {
        /// Where.
        room: Room,
        /// The newest position that is still there: the last position from now on, and the next entry's `prev`. `0` when none is.
        after: Position,
        /// The last position that is known to be gone.
        through: Position,
    }
}

record! {
    /// See [`Event::Presence`].
    pub struct Presence {
        /// Where.
        room: Room,
        /// How many are here now.
        here: u64,
        /// Who came, or changed their name.
        came: Sparse<Person>,
        /// Who went.
        went: Sparse<UserId>,
    }
}

record! {
    /// See [`Event::Move`].
    pub struct Move {
        /// How long to stay, in milliseconds; chosen by the server to spread the clients over time.
        after_ms: u64,
    }
}

record! {
    /// See [`Event::Status`].
    pub struct Status {
        /// The broker answers.
        ready: bool,
    }
}

/// One text frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// The answer to the request with this id.
    Reply(u64, Reply),
    /// Something that happened.
    Event(Event),
}

impl ServerFrame {
    /// Reads one text frame.
    pub fn decode(text: &str) -> Result<Self, Unreadable> {
        let mut fields = Fields::parse(text)?;
        let id = Option::<u64>::read_field(&mut fields, ID)?;
        let kind = String::read_field(&mut fields, Event::KEY)?;
        Ok(match id {
            Some(id) => Self::Reply(id, Reply::read_as(&kind, &mut fields)?.unwrap_or(Reply::Unknown)),
            None => Self::Event(Event::read_as(&kind, &mut fields)?.unwrap_or(Event::Unknown)),
        })
    }

    /// The text frame.
    pub fn encode(&self) -> String {
        let mut out = Writer::new();
        out.open();
        match self {
            Self::Reply(id, reply) => {
                id.write_field(&mut out, ID);
                reply.write_tagged(&mut out);
            }
            Self::Event(event) => event.write_tagged(&mut out),
        }
        out.close();
        out.end()
    }
}
