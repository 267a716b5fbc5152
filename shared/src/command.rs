//! What a `hubbub.v1` client says: commands, each with a request id that its reply repeats.

mod write;

use crate::{
    error::{ErrorCode, ProtocolError},
    fields::Fields,
    text::{Body, Name, Nonce, Position, Room},
};

/// A command with the id that its reply will carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Chosen by the client; need not be unique, but replies are told apart by nothing else.
    pub id: u64,
    /// What is asked.
    pub command: Command,
}

/// What a client can ask. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Who is there. Comes first, once. Answered by `welcome`.
    Hello {
        /// What to be called.
        name: Name,
        /// The token of an earlier `welcome`, to be the same person again.
        token: Option<String>,
    },
    /// Enter a room and get its newest page, or, with `since`, exactly what came after it. Answered by `joined`.
    Join {
        /// Which room.
        room: Room,
        /// The last position that the client has seen.
        since: Option<Position>,
    },
    /// Leave a room. Answered by `left`, also when it was not joined.
    Leave {
        /// Which room.
        room: Room,
    },
    /// Say something. Answered by `sent` once it is stored. A repeat within ten minutes with the same nonce
    /// is answered with the position of the first try.
    Send {
        /// Where; it need not be joined.
        room: Room,
        /// The same on every try.
        nonce: Nonce,
        /// What.
        body: Body,
    },
    /// A page of what was said before. Answered by `page`.
    History {
        /// Which room.
        room: Room,
        /// From where.
        from: From,
        /// How many at most; [`PAGE`](crate::limits::PAGE) when absent.
        limit: Option<u64>,
    },
    /// Be called something else from now on. Answered by `renamed`.
    Rename {
        /// The new name.
        name: Name,
    },
    /// Make every token of this person worthless, on all nodes. Answered by `forgotten`; the connection goes on
    /// as a new guest.
    Forget,
    /// Nothing but a round trip. Answered by `pong`.
    Ping,
}

/// Where a page of history starts. The named message itself is part of the page only for `around`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The messages before a position, newest of them first chosen.
    Before(Position),
    /// The messages after a position, oldest of them first chosen.
    After(Position),
    /// The message at a position with its neighbours on both sides.
    Around(Position),
}

/// A frame that is no valid command, with its request id where that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The id to answer to.
    pub id: Option<u64>,
    /// What is wrong.
    pub error: ProtocolError,
}

impl Request {
    /// Reads one text frame.
    pub fn decode(text: &str) -> Result<Self, Refused> {
        let mut fields = Fields::parse(text).map_err(|error| Refused { id: None, error })?;
        let id = fields.number("id").map_err(|error| Refused { id: None, error })?;
        let command = Command::take(&mut fields).map_err(|error| Refused { id, error })?;
        match id {
            Some(id) => Ok(Self { id, command }),
            None => {
                Err(Refused { id, error: ProtocolError::new(ErrorCode::MissingField, "`id` is missing") })
            }
        }
    }

    /// The text frame.
    pub fn encode(&self) -> String {
        write::request(self)
    }
}

impl Command {
    fn take(fields: &mut Fields) -> Result<Self, ProtocolError> {
        let kind = fields.kind()?;
        Ok(match kind.as_str() {
            "hello" => Self::Hello {
                name: fields.required("name", Name::parse)?,
                token: fields.optional("token", |text| Ok(text.to_owned()))?,
            },
            "join" => Self::Join { room: room(fields)?, since: fields.optional("since", Position::parse)? },
            "leave" => Self::Leave { room: room(fields)? },
            "send" => Self::Send {
                room: room(fields)?,
                nonce: fields.required("nonce", Nonce::parse)?,
                body: fields.required("body", Body::parse)?,
            },
            "history" => {
                Self::History { room: room(fields)?, from: from(fields)?, limit: fields.number("limit")? }
            }
            "rename" => Self::Rename { name: fields.required("name", Name::parse)? },
            "forget" => Self::Forget,
            "ping" => Self::Ping,
            _ => return Err(ProtocolError::new(ErrorCode::UnknownCommand, "no such command")),
        })
    }
}

fn room(fields: &mut Fields) -> Result<Room, ProtocolError> {
    fields.required("room", Room::parse)
}

fn from(fields: &mut Fields) -> Result<From, ProtocolError> {
    let missing = || {
        ProtocolError::new(
            ErrorCode::MissingField,
            "one of `before`, `after`, `around` says where the page starts",
        )
    };
    let mut take = |name: &str| fields.optional(name, Position::parse);
    let before = take("before")?.map(From::Before);
    let after = take("after")?.map(From::After);
    let around = take("around")?.map(From::Around);
    before.or(after).or(around).ok_or_else(missing)
}
