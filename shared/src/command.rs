//! What a `hubbub.v1` client says: commands, each with a request id that its reply repeats.

use crate::{
    error::{ErrorCode, ProtocolError},
    table::{Described, Field, Fields, Frames, Shape, Unreadable, Writer, frames, record},
    text::{Body, Emoji, Name, Nonce, Position, Room},
};

frames! {
    /// What a client can ask. Unknown fields are ignored.
    pub enum Command by "type" {
        /// Says who is there. Comes first, once.
        Hello(Hello) = "hello" -> "welcome",
        /// Enters a room and gets its newest page or, with `since`, exactly what came after it.
        Join(Join) = "join" -> "joined",
        /// Leaves a room. It need not be joined.
        Leave(Leave) = "leave" -> "left",
        /// Says something; the room need not be joined. The reply comes once it is stored.
        Send(Send) = "send" -> "sent",
        /// Puts a reaction on a message or takes it away; the room need not be joined.
        React(React) = "react" -> "sent",
        /// Asks for a page of history.
        History(History) = "history" -> "page",
        /// Changes the person's name from now on.
        Rename(Rename) = "rename" -> "renamed",
        /// Makes every token of this person worthless, on all nodes. The connection goes on as a new guest.
        Forget = "forget" -> "forgotten",
        /// Nothing but a round trip.
        Ping = "ping" -> "pong",
    }
}

record! {
    /// See [`Command::Hello`].
    pub struct Hello {
        /// What to be called.
        name: Name,
        /// The token of an earlier `welcome`, to be the same person again.
        token: Option<String>,
    }
}

record! {
    /// See [`Command::Join`].
    pub struct Join {
        /// Which room.
        room: Room,
        /// The last position that the client has seen.
        since: Option<Position>,
    }
}

record! {
    /// See [`Command::Leave`].
    pub struct Leave {
        /// Which room.
        room: Room,
    }
}

record! {
    /// See [`Command::Send`].
    pub struct Send {
        /// Where.
        room: Room,
        /// The same on every try. A repeat within ten minutes is answered with the position of the first try.
        nonce: Nonce,
        /// What.
        body: Body,
    }
}

record! {
    /// See [`Command::React`].
    pub struct React {
        /// Where.
        room: Room,
        /// The same on every try, as for `send`.
        nonce: Nonce,
        /// The position of the message.
        to: Position,
        /// Which reaction.
        emoji: Emoji,
        /// Whether the reaction is to be there from now on.
        on: bool,
    }
}

record! {
    /// See [`Command::History`].
    pub struct History {
        /// Which room.
        room: Room,
        /// Where the page starts.
        anchor: PageAnchor,
        /// How many entries at most: 1 to 100, 50 when absent. A number outside is moved to the nearer end.
        limit: Option<u64>,
    }
}

record! {
    /// See [`Command::Rename`].
    pub struct Rename {
        /// The new name.
        name: Name,
    }
}

/// Where a page of history starts. The named entry itself is part of the page only for `around`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAnchor {
    /// The entries before a position, newest of them first chosen.
    Before(Position),
    /// The entries after a position, oldest of them first chosen.
    After(Position),
    /// The entry at a position with its neighbours on both sides.
    Around(Position),
}

type MakeAnchor = fn(Position) -> PageAnchor;

/// The field of each anchor, in the order in which they count where several are given.
const ANCHORS: [(Described, MakeAnchor); 3] = [
    (side("before", "The entries before this position."), PageAnchor::Before),
    (side("after", "The entries after this position."), PageAnchor::After),
    (side("around", "The entry at this position and its neighbours."), PageAnchor::Around),
];

const fn side(name: &'static str, doc: &'static str) -> Described {
    Described { name, doc, shape: <Position as Field>::SHAPE }
}

impl PageAnchor {
    fn parts(&self) -> (usize, &Position) {
        match self {
            Self::Before(position) => (0, position),
            Self::After(position) => (1, position),
            Self::Around(position) => (2, position),
        }
    }
}

impl Field for PageAnchor {
    const SHAPE: Shape = Shape::OneOf(&[ANCHORS[0].0, ANCHORS[1].0, ANCHORS[2].0]);

    fn read_field(fields: &mut Fields, _name: &'static str) -> Result<Self, Unreadable> {
        for (field, make) in ANCHORS {
            if let Some(position) = Field::read_field(fields, field.name)? {
                return Ok(make(position));
            }
        }
        Err(Unreadable::NoneOf("`before`, `after`, `around`"))
    }

    fn write_field(&self, out: &mut Writer, _name: &'static str) {
        let (side, position) = self.parts();
        position.write_field(out, ANCHORS[side].0.name);
    }
}

/// A command with the id that its reply will carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Chosen by the client; need not be unique, but replies are told apart by nothing else.
    pub id: u64,
    /// What is asked.
    pub command: Command,
}

/// A frame that is no valid command, with its request id where that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The id to answer to.
    pub id: Option<u64>,
    /// What is wrong.
    pub error: ProtocolError,
}

/// The field of the request id, in commands and replies.
pub(crate) const ID: &str = "id";

impl Request {
    /// Reads one text frame.
    pub fn decode(text: &str) -> Result<Self, Refused> {
        let unnumbered = |error: Unreadable| Refused { id: None, error: error.into() };
        let mut fields = Fields::parse(text).map_err(unnumbered)?;
        let id = Option::<u64>::read_field(&mut fields, ID).map_err(unnumbered)?;
        let command = decode(&mut fields).map_err(|error| Refused { id, error })?;
        let id = id.ok_or_else(|| unnumbered(Unreadable::Missing(ID)))?;
        Ok(Self { id, command })
    }

    /// The text frame.
    pub fn encode(&self) -> String {
        let mut out = Writer::new();
        out.open();
        self.id.write_field(&mut out, ID);
        self.command.write_tagged(&mut out);
        out.close();
        out.end()
    }
}

/// Reads a command of any dialect: the tag, then the fields of the variant.
pub(crate) fn decode<T: Frames>(fields: &mut Fields) -> Result<T, ProtocolError> {
    let unknown = |message| ProtocolError::new(ErrorCode::UnknownCommand, message);
    let tag = fields.word(T::KEY).ok_or_else(|| unknown("`type` must name a command"))?;
    T::read_as(&tag, fields)?.ok_or_else(|| unknown("no such command"))
}
