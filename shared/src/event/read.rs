//! Reads server frames, by hand: only the page does, and it must be small (see [`json`](crate::json)).

use super::{Event, Joined, Page, Reply, ServerFrame, Welcome};
use crate::{
    error::{ErrorCode, ProtocolError},
    json::{Json, Object, Unreadable},
    message::{Message, Person, Sender, SenderKind},
    text::{Body, Name, Nonce, Position, UserId},
};

/// One text frame. Unknown fields are passed over, unknown kinds become `Unknown`.
pub(super) fn frame(text: &str) -> Result<ServerFrame, Unreadable> {
    let mut fields = Object::parse(text)?;
    match fields.maybe_whole("id")? {
        Some(id) => Ok(ServerFrame::Reply(id, reply(&mut fields)?)),
        None => Ok(ServerFrame::Event(event(&mut fields)?)),
    }
}

fn reply(fields: &mut Object) -> Result<Reply, Unreadable> {
    Ok(match fields.string("type")?.as_str() {
        "welcome" => Reply::Welcome(welcome(fields)?),
        "joined" => Reply::Joined(joined(fields)?),
        "left" => Reply::Left { room: fields.room()? },
        "sent" => Reply::Sent {
            room: fields.room()?,
            position: fields.parsed("position", Position::parse)?,
            n: fields.maybe_whole("n")?,
            duplicate: fields.flag("duplicate")?,
        },
        "page" => Reply::Page(page(fields)?),
        "renamed" => Reply::Renamed { name: fields.parsed("name", Name::parse)? },
        "forgotten" => Reply::Forgotten(welcome(fields)?),
        "pong" => Reply::Pong,
        "error" => Reply::Error(error(fields)?),
        _ => Reply::Unknown,
    })
}

fn event(fields: &mut Object) -> Result<Event, Unreadable> {
    Ok(match fields.string("type")?.as_str() {
        "message" => Event::Message { room: fields.room()?, message: message(fields)? },
        "lost" => Event::Lost {
            room: fields.room()?,
            after: fields.parsed("after", Position::parse)?,
            through: fields.parsed("through", Position::parse)?,
        },
        "presence" => Event::Presence {
            room: fields.room()?,
            here: fields.whole("here")?,
            came: people(fields.maybe("came"), "came")?,
            went: match fields.maybe("went") {
                Some(went) => {
                    let id = |id: Json| Ok(UserId::parse(&id.text("went")?)?);
                    went.list("went")?.into_iter().map(id).collect::<Result<_, Unreadable>>()?
                }
                None => Vec::new(),
            },
        },
        "move" => Event::Move { after_ms: fields.whole("after_ms")? },
        "status" => Event::Status { ready: fields.flag("ready")? },
        "error" => Event::Error(error(fields)?),
        _ => Event::Unknown,
    })
}

fn welcome(fields: &mut Object) -> Result<Welcome, Unreadable> {
    Ok(Welcome {
        user: fields.parsed("user", UserId::parse)?,
        name: fields.parsed("name", Name::parse)?,
        token: fields.string("token")?,
        expires: fields.whole("expires")?,
        node: fields.string("node")?,
        refused: match fields.maybe("refused") {
            Some(refused) => Some(error(&mut refused.object("refused")?)?),
            None => None,
        },
    })
}

fn joined(fields: &mut Object) -> Result<Joined, Unreadable> {
    Ok(Joined {
        room: fields.room()?,
        position: fields.parsed("position", Position::parse)?,
        recovered: fields.flag("recovered")?,
        messages: messages(fields)?,
        older: fields.flag("older")?,
        here: fields.whole("here")?,
        people: people(Some(fields.value("people")?), "people")?,
    })
}

fn page(fields: &mut Object) -> Result<Page, Unreadable> {
    Ok(Page {
        room: fields.room()?,
        messages: messages(fields)?,
        older: fields.flag("older")?,
        newer: fields.flag("newer")?,
        found: fields.flag("found")?,
    })
}

fn messages(fields: &mut Object) -> Result<Vec<Message>, Unreadable> {
    let message = |one: Json| message(&mut one.object("messages")?);
    fields.list("messages")?.into_iter().map(message).collect()
}

fn message(fields: &mut Object) -> Result<Message, Unreadable> {
    Ok(Message {
        position: fields.parsed("position", Position::parse)?,
        prev: fields.parsed("prev", Position::parse)?,
        n: fields.whole("n")?,
        at: fields.whole("at")?,
        sender: sender(&mut fields.object("sender")?)?,
        nonce: fields.parsed("nonce", Nonce::parse)?,
        body: fields.parsed("body", Body::parse)?,
    })
}

fn sender(fields: &mut Object) -> Result<Sender, Unreadable> {
    let kind = match fields.string("kind")?.as_str() {
        "classic" => SenderKind::Classic,
        "guest" => SenderKind::Guest,
        _ => SenderKind::Unknown,
    };
    Ok(Sender { id: fields.parsed("id", UserId::parse)?, name: fields.parsed("name", Name::parse)?, kind })
}

/// Nobody, where there is no list.
fn people(list: Option<Json>, name: &'static str) -> Result<Vec<Person>, Unreadable> {
    match list {
        Some(list) => list.list(name)?.into_iter().map(|one| person(&mut one.object(name)?)).collect(),
        None => Ok(Vec::new()),
    }
}

fn person(fields: &mut Object) -> Result<Person, Unreadable> {
    Ok(Person { id: fields.parsed("id", UserId::parse)?, name: fields.parsed("name", Name::parse)? })
}

fn error(fields: &mut Object) -> Result<ProtocolError, Unreadable> {
    Ok(ProtocolError {
        code: ErrorCode::named(&fields.string("code")?),
        message: fields.string("message")?,
        retry_after_ms: fields.maybe_whole("retry_after_ms")?,
    })
}
