//! One entry of a room's history: its place in the chain, and a record that is carried without being parsed.

use bytes::Bytes;
use serde::Serialize;
use shared::{
    message::{Message, Sender},
    text::{Body, Nonce, Position, UserId},
};

/// An entry as it stands in the history and as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// The position of the entry before it; [`Position::start`] for the first one ever.
    pub prev: Position,
    /// How many messages the room has had, this one included.
    pub n: u64,
    /// What it says.
    pub record: Record,
}

impl Entry {
    /// The message, for building a page. `None` for a kind that this build does not know, or a damaged record.
    pub fn message(&self) -> Option<Message> {
        #[derive(serde::Deserialize)]
        struct Said {
            at: u64,
            sender: Sender,
            nonce: Nonce,
            body: Body,
        }
        let said: Said = serde_json::from_str(self.record.json()?).ok()?;
        Some(Message {
            position: self.position.clone(),
            prev: self.prev.clone(),
            n: self.n,
            at: said.at,
            sender: said.sender,
            nonce: said.nonce,
            body: said.body,
        })
    }
}

/// An entry that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whose nonce it is.
    pub sender: UserId,
    /// The sender's mark, the same on every try.
    pub nonce: Nonce,
    /// Whether it raises the room's running number: messages do, what only changes them does not.
    pub counts: bool,
    /// The version of the room's rights under which it was allowed; 0 where there are none.
    pub rights: u64,
    /// What it says.
    pub record: Record,
}

/// What an entry says, in the form in which it is stored and sent: `m<offset> <json>`.
///
/// `m` is the kind (message; a reader skips kinds that it does not know), `<json>` is an object with
/// `at`, `sender`, `nonce` and, last, `body`; `<offset>` is where in it the JSON string of the body starts.
/// So a node can put a frame of either dialect together by copying, without parsing what people say.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    wire: Bytes,
    json: usize,
    body: usize,
}

impl Record {
    /// The record of a message.
    pub fn message(at: u64, sender: &Sender, nonce: &Nonce, body: &Body) -> Self {
        #[derive(Serialize)]
        struct Head<'a> {
            at: u64,
            sender: &'a Sender,
            nonce: &'a Nonce,
        }
        let mut json = serde_json::to_string(&Head { at, sender, nonce }).unwrap_or_default();
        json.pop();
        json.push_str(",\"body\":");
        let offset = json.len();
        let body = serde_json::to_string(body).unwrap_or_default();
        Self::parse(Bytes::from(format!("m{offset} {json}{body}}}")))
    }

    /// Takes over what [`Record::wire`] gave. Anything else becomes a record of an unknown kind.
    pub fn parse(wire: Bytes) -> Self {
        let (json, body) = Self::split(&wire).unwrap_or((wire.len(), wire.len()));
        Self { wire, json, body }
    }

    /// The bytes to store and to send.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// The JSON object. `None` for an unknown kind.
    pub fn json(&self) -> Option<&str> {
        self.text(self.json, self.wire.len())
    }

    /// The JSON string of the body, with its quotes. `None` for an unknown kind.
    pub fn body_json(&self) -> Option<&str> {
        self.text(self.body, self.wire.len().checked_sub(1)?)
    }

    fn text(&self, from: usize, to: usize) -> Option<&str> {
        if from >= to {
            return None;
        }
        std::str::from_utf8(self.wire.get(from..to)?).ok()
    }

    fn split(wire: &[u8]) -> Option<(usize, usize)> {
        let space = wire.iter().take(12).position(|b| *b == b' ')?;
        let (kind, offset) = wire[..space].split_first()?;
        let offset: usize = std::str::from_utf8(offset).ok()?.parse().ok()?;
        let json = space + 1;
        let body = json.checked_add(offset)?;
        let whole = *kind == b'm' && wire.get(json) == Some(&b'{') && wire.last() == Some(&b'}');
        (whole && wire.get(body) == Some(&b'"')).then_some((json, body))
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({})", String::from_utf8_lossy(&self.wire))
    }
}

#[cfg(test)]
mod tests;
