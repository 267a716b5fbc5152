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
    /// What it says. If it was amended, what it says now.
    pub record: Record,
    /// With an amendment, the entry that it changes. `None` also when that one is gone from the history.
    pub change: Option<Change>,
}

/// What an earlier entry says from now on. Read later, an amendment shows what the entry says then: no text that was
/// replaced or deleted comes back by way of the amendments in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which entry.
    pub position: Position,
    /// What it says now.
    pub record: Record,
}

impl Entry {
    /// What it carries, in bytes.
    pub fn bytes(&self) -> usize {
        self.record.wire().len() + self.change.as_ref().map_or(0, |change| change.record.wire().len())
    }

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
    /// What it changes, for [`Log::amend`](super::Log::amend). Such an entry never counts.
    pub amends: Option<Change>,
    /// The version of the room's rights under which it was allowed; 0 where there are none.
    pub rights: u64,
    /// What it says.
    pub record: Record,
}

impl Draft {
    /// What it carries, in bytes.
    pub fn bytes(&self) -> usize {
        self.record.wire().len() + self.amends.as_ref().map_or(0, |change| change.record.wire().len())
    }
}

/// What an entry says, in the form in which it is stored and sent. A reader skips kinds that it does not know.
///
/// | wire | kind |
/// |---|---|
/// | `m<offset> <json>` | a message |
/// | `a<position> <json>` | an amendment of the entry at the position |
/// | `d0 <json>` | what is left of a message that was deleted |
///
/// `<json>` is an object with `at`, `sender`, `nonce` and, last, a message's `body`; `<offset>` is where in it the JSON
/// string of the body starts. So a node can put a frame of either dialect together by copying, without parsing what
/// people say.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    wire: Bytes,
    json: usize,
    body: usize,
    passing: bool,
}

#[derive(Serialize)]
struct Head<'a> {
    at: u64,
    sender: &'a Sender,
    nonce: &'a Nonce,
    #[serde(skip_serializing_if = "Option::is_none")]
    amends: Option<&'a Position>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl Head<'_> {
    fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Record {
    /// The record of a message.
    pub fn message(at: u64, sender: &Sender, nonce: &Nonce, body: &Body) -> Self {
        let mut json = Head { at, sender, nonce, amends: None, deleted: false }.json();
        json.pop();
        json.push_str(",\"body\":");
        let offset = json.len();
        let body = serde_json::to_string(body).unwrap_or_default();
        Self::parse(Bytes::from(format!("m{offset} {json}{body}}}")))
    }

    /// The record of an amendment: who changed which entry, and when. What that entry says is not in it.
    pub fn amendment(at: u64, sender: &Sender, nonce: &Nonce, amends: &Position) -> Self {
        let json = Head { at, sender, nonce, amends: Some(amends), deleted: false }.json();
        Self::parse(Bytes::from(format!("a{amends} {json}")))
    }

    /// What is left of a message that was deleted: its time, sender and nonce.
    pub fn deleted(at: u64, sender: &Sender, nonce: &Nonce) -> Self {
        let json = Head { at, sender, nonce, amends: None, deleted: true }.json();
        Self::parse(Bytes::from(format!("d0 {json}")))
    }

    /// Takes over what [`Record::wire`] gave. Anything else becomes a record of an unknown kind.
    pub fn parse(wire: Bytes) -> Self {
        let (json, body) = Self::split(&wire).unwrap_or((wire.len(), wire.len()));
        Self { wire, json, body, passing: false }
    }

    /// The same in a room that keeps no history: passed on, and in no page that is read later.
    #[must_use]
    pub fn passing(self) -> Self {
        Self { passing: true, ..self }
    }

    /// See [`Record::passing`].
    pub fn is_passing(&self) -> bool {
        self.passing
    }

    /// The bytes to store and to send.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// The entry that an amendment changes. `None` for any other kind.
    pub fn amends(&self) -> Option<Position> {
        let rest = self.wire.strip_prefix(b"a")?;
        let end = rest.iter().position(|b| *b == b' ')?;
        Position::parse(std::str::from_utf8(&rest[..end]).ok()?).ok()
    }

    /// The JSON object of any kind that this build knows.
    pub fn object(&self) -> Option<&str> {
        let known = self.amends().is_some() || self.wire.starts_with(b"d0 ");
        let other = || std::str::from_utf8(&self.wire).ok()?.split_once(' ').map(|(_, json)| json);
        self.json().or_else(|| other().filter(|json| known && json.starts_with('{') && json.ends_with('}')))
    }

    /// The JSON object of a message. `None` for any other kind.
    pub fn json(&self) -> Option<&str> {
        self.text(self.json, self.wire.len())
    }

    /// The JSON string of a message's body, with its quotes. `None` for any other kind.
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
