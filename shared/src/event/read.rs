//! Reads server frames, by hand over plain JSON values.
//!
//! A derived reader of a tagged enum is as right, but brings a copy of itself for each kind and field: a fifth of the
//! whole page, which goes over the wire at each first visit.

use serde::de::Error as _;
use serde_json::{Error, Map, Value};

use super::{Event, Joined, Page, Reply, ServerFrame, Welcome};
use crate::{
    error::{ErrorCode, ProtocolError},
    message::{Message, Person, Sender, SenderKind},
    text::{Body, Invalid, Name, Nonce, Position, Room, UserId},
};

/// One text frame. Unknown fields are passed over, unknown kinds become `Unknown`.
pub(super) fn frame(text: &str) -> Result<ServerFrame, Error> {
    let mut fields = Fields::of(serde_json::from_str(text)?)?;
    match fields.maybe("id") {
        Some(id) => Ok(ServerFrame::Reply(number(id)?, reply(&mut fields)?)),
        None => Ok(ServerFrame::Event(event(&mut fields)?)),
    }
}

fn reply(fields: &mut Fields) -> Result<Reply, Error> {
    Ok(match fields.string("type")?.as_str() {
        "welcome" => Reply::Welcome(welcome(fields)?),
        "joined" => Reply::Joined(joined(fields)?),
        "left" => Reply::Left { room: fields.room()? },
        "sent" => Reply::Sent {
            room: fields.room()?,
            position: fields.text("position", Position::parse)?,
            n: fields.maybe("n").map(number).transpose()?,
            duplicate: fields.flag("duplicate")?,
        },
        "page" => Reply::Page(page(fields)?),
        "renamed" => Reply::Renamed { name: fields.text("name", Name::parse)? },
        "forgotten" => Reply::Forgotten(welcome(fields)?),
        "pong" => Reply::Pong,
        "error" => Reply::Error(error(fields)?),
        _ => Reply::Unknown,
    })
}

fn event(fields: &mut Fields) -> Result<Event, Error> {
    Ok(match fields.string("type")?.as_str() {
        "message" => Event::Message { room: fields.room()?, message: message(fields)? },
        "lost" => Event::Lost {
            room: fields.room()?,
            after: fields.text("after", Position::parse)?,
            through: fields.text("through", Position::parse)?,
        },
        "presence" => Event::Presence {
            room: fields.room()?,
            here: fields.number("here")?,
            came: fields.maybe("came").map_or(Ok(Vec::new()), |came| list(came, person))?,
            went: fields
                .maybe("went")
                .map_or(Ok(Vec::new()), |went| list(went, |id| parse(id, UserId::parse)))?,
        },
        "move" => Event::Move { after_ms: fields.number("after_ms")? },
        "status" => Event::Status { ready: fields.flag("ready")? },
        "error" => Event::Error(error(fields)?),
        _ => Event::Unknown,
    })
}

fn welcome(fields: &mut Fields) -> Result<Welcome, Error> {
    Ok(Welcome {
        user: fields.text("user", UserId::parse)?,
        name: fields.text("name", Name::parse)?,
        token: fields.string("token")?,
        expires: fields.number("expires")?,
        node: fields.string("node")?,
        refused: fields.maybe("refused").map(|refused| error(&mut Fields::of(refused)?)).transpose()?,
    })
}

fn joined(fields: &mut Fields) -> Result<Joined, Error> {
    Ok(Joined {
        room: fields.room()?,
        position: fields.text("position", Position::parse)?,
        recovered: fields.flag("recovered")?,
        messages: list(fields.value("messages")?, |one| message(&mut Fields::of(one)?))?,
        older: fields.flag("older")?,
        here: fields.number("here")?,
        people: list(fields.value("people")?, person)?,
    })
}

fn page(fields: &mut Fields) -> Result<Page, Error> {
    Ok(Page {
        room: fields.room()?,
        messages: list(fields.value("messages")?, |one| message(&mut Fields::of(one)?))?,
        older: fields.flag("older")?,
        newer: fields.flag("newer")?,
        found: fields.flag("found")?,
    })
}

fn message(fields: &mut Fields) -> Result<Message, Error> {
    Ok(Message {
        position: fields.text("position", Position::parse)?,
        prev: fields.text("prev", Position::parse)?,
        n: fields.number("n")?,
        at: fields.number("at")?,
        sender: sender(&mut Fields::of(fields.value("sender")?)?)?,
        nonce: fields.text("nonce", Nonce::parse)?,
        body: fields.text("body", Body::parse)?,
    })
}

fn sender(fields: &mut Fields) -> Result<Sender, Error> {
    let kind = match fields.string("kind")?.as_str() {
        "classic" => SenderKind::Classic,
        "guest" => SenderKind::Guest,
        _ => SenderKind::Unknown,
    };
    Ok(Sender { id: fields.text("id", UserId::parse)?, name: fields.text("name", Name::parse)?, kind })
}

fn person(value: Value) -> Result<Person, Error> {
    let mut fields = Fields::of(value)?;
    Ok(Person { id: fields.text("id", UserId::parse)?, name: fields.text("name", Name::parse)? })
}

fn error(fields: &mut Fields) -> Result<ProtocolError, Error> {
    Ok(ProtocolError {
        code: code(&fields.string("code")?),
        message: fields.string("message")?,
        retry_after_ms: fields.maybe("retry_after_ms").map(number).transpose()?,
    })
}

fn code(name: &str) -> ErrorCode {
    let is = |code: &ErrorCode| serde_json::to_value(code).is_ok_and(|code| code.as_str() == Some(name));
    ErrorCode::ALL.into_iter().find(is).unwrap_or(ErrorCode::Unknown)
}

/// The fields of an object, taken out one by one. `null` counts as absent.
struct Fields(Map<String, Value>);

impl Fields {
    fn of(value: Value) -> Result<Self, Error> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(wrong("not an object")),
        }
    }

    fn maybe(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn value(&mut self, name: &str) -> Result<Value, Error> {
        self.maybe(name).ok_or_else(|| wrong(name))
    }

    fn string(&mut self, name: &str) -> Result<String, Error> {
        string(self.value(name)?)
    }

    fn number(&mut self, name: &str) -> Result<u64, Error> {
        number(self.value(name)?)
    }

    fn flag(&mut self, name: &str) -> Result<bool, Error> {
        self.value(name)?.as_bool().ok_or_else(|| wrong(name))
    }

    fn text<T>(&mut self, name: &str, read: fn(&str) -> Result<T, Invalid>) -> Result<T, Error> {
        parse(self.value(name)?, read)
    }

    fn room(&mut self) -> Result<Room, Error> {
        self.text("room", Room::parse)
    }
}

fn list<T>(value: Value, read: impl FnMut(Value) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    match value {
        Value::Array(values) => values.into_iter().map(read).collect(),
        _ => Err(wrong("not a list")),
    }
}

fn parse<T>(value: Value, read: fn(&str) -> Result<T, Invalid>) -> Result<T, Error> {
    read(&string(value)?).map_err(Error::custom)
}

fn string(value: Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong("not a string")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits where values are taken out and read")]
fn number(value: Value) -> Result<u64, Error> {
    value.as_u64().ok_or_else(|| wrong("not a whole number"))
}

/// Missing, or not what it should be.
fn wrong(what: &str) -> Error {
    Error::custom(what)
}
