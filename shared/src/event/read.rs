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
            came: each(fields.maybe("came"), "came", person)?,
            went: each(fields.maybe("went"), "went", user)?,
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
        messages: each(Some(fields.value("messages")?), "messages", said)?,
        older: fields.flag("older")?,
        here: fields.whole("here")?,
        people: each(Some(fields.value("people")?), "people", person)?,
    })
}

fn page(fields: &mut Object) -> Result<Page, Unreadable> {
    Ok(Page {
        room: fields.room()?,
        messages: each(Some(fields.value("messages")?), "messages", said)?,
        older: fields.flag("older")?,
        newer: fields.flag("newer")?,
        found: fields.flag("found")?,
    })
}

type Read<T> = fn(Json, &'static str) -> Result<T, Unreadable>;

/// The elements of a list; none, where there is no list.
fn each<T>(list: Option<Json>, name: &'static str, read: Read<T>) -> Result<Vec<T>, Unreadable> {
    list.map_or(Ok(Vec::new()), |list| list.list(name)?.into_iter().map(|one| read(one, name)).collect())
}

fn said(one: Json, name: &'static str) -> Result<Message, Unreadable> {
    message(&mut one.object(name)?)
}

fn user(one: Json, name: &'static str) -> Result<UserId, Unreadable> {
    Ok(UserId::parse(&one.text(name)?)?)
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

fn person(one: Json, name: &'static str) -> Result<Person, Unreadable> {
    let mut fields = one.object(name)?;
    Ok(Person { id: fields.parsed("id", UserId::parse)?, name: fields.parsed("name", Name::parse)? })
}

fn error(fields: &mut Object) -> Result<ProtocolError, Unreadable> {
    Ok(ProtocolError {
        code: ErrorCode::named(&fields.string("code")?),
        message: fields.string("message")?,
        retry_after_ms: fields.maybe_whole("retry_after_ms")?,
    })
}
