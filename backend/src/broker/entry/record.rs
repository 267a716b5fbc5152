//! What an entry says, in the form in which it is stored and sent.

use bytes::Bytes;
use serde::de::IgnoredAny;
use shared::{
    entry::{Origin, Said, What, stored_json},
    person::Sender,
    table::{Field as _, Writer},
    text::{Body, Nonce, Position},
};

/// What an entry says. A node passes it on without parsing it, whether or not this build knows its kind.
///
/// | wire | kind |
/// |---|---|
/// | `m<offset> <json>` | a message |
/// | `e <json>` | any other kind, which the JSON names |
/// | `a<position> <json>` | an amendment of the entry at the position |
/// | `d0 <json>` | what is left of a message that was deleted |
///
/// `<json>` is the object of [`stored_json`]: time, sender, nonce, then what it is; `<offset>` is where in it the JSON
/// string of a message's body starts. So a node can put a frame of either dialect together by copying.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    wire: Bytes,
    /// Where the JSON object starts.
    json: usize,
    /// Where a message's body starts; the end of `wire` for any other kind.
    body: usize,
    passing: bool,
}

impl Record {
    /// The record of an entry of any kind but an amendment.
    pub fn new(origin: &Origin, what: &What) -> Self {
        let (json, fields) = stored_json(origin, what);
        if !matches!(what, What::Said(_)) {
            return Self::other("e ".to_owned(), &json);
        }
        // The last field is the body, and no name of a field has a colon.
        let offset = fields + json[fields..].find(':').map_or(0, |colon| colon + 1);
        let head = format!("m{offset} ");
        let (start, body) = (head.len(), head.len() + offset);
        Self { wire: Bytes::from(head + &json), json: start, body, passing: false }
    }

    /// The record of a message.
    pub fn message(at: u64, sender: &Sender, nonce: &Nonce, body: &Body) -> Self {
        Self::new(&origin(at, sender, nonce), &What::Said(Said { body: body.clone() }))
    }

    /// The record of an amendment: who changed which entry, and when. What that entry says is not in it.
    pub fn amendment(at: u64, sender: &Sender, nonce: &Nonce, amends: &Position) -> Self {
        let json = marked(&origin(at, sender, nonce), |out| amends.write_field(out, "amends"));
        Self::other(format!("a{amends} "), &json)
    }

    /// What is left of a message that was deleted: its time, sender and nonce.
    pub fn deleted(at: u64, sender: &Sender, nonce: &Nonce) -> Self {
        let json = marked(&origin(at, sender, nonce), |out| true.write_field(out, "deleted"));
        Self::other("d0 ".to_owned(), &json)
    }

    fn other(head: String, json: &str) -> Self {
        let start = head.len();
        let wire = Bytes::from(head + json);
        Self { json: start, body: wire.len(), wire, passing: false }
    }

    /// Takes over what [`Record::wire`] gave. Anything else becomes a record without an object.
    pub fn parse(wire: Bytes) -> Self {
        let (json, body) = split(&wire).unwrap_or((wire.len(), wire.len()));
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

    /// Whether it is a message.
    pub fn is_message(&self) -> bool {
        self.body < self.wire.len()
    }

    /// The JSON object with what it says. `None` for a record that is damaged.
    pub fn object(&self) -> Option<&str> {
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
}

fn origin(at: u64, sender: &Sender, nonce: &Nonce) -> Origin {
    Origin { at, sender: sender.clone(), nonce: nonce.clone() }
}

/// An origin with one more field.
fn marked(origin: &Origin, mark: impl FnOnce(&mut Writer)) -> String {
    let mut out = Writer::new();
    out.open();
    shared::table::Record::write(origin, &mut out);
    mark(&mut out);
    out.close();
    out.end()
}

/// Where the JSON object and a message's body start.
fn split(wire: &[u8]) -> Option<(usize, usize)> {
    let space = wire.iter().position(|b| *b == b' ')?;
    let (kind, rest) = wire[..space].split_first()?;
    let json = space + 1;
    if wire.get(json) != Some(&b'{') || wire.last() != Some(&b'}') {
        return None;
    }
    if *kind == b'm' {
        let offset: usize = std::str::from_utf8(rest).ok()?.parse().ok()?;
        let body = json.checked_add(offset)?;
        return (wire.get(body) == Some(&b'"')).then_some((json, body));
    }
    // Another node wrote it, perhaps a newer one: it goes into frames as it is, so it has to be an object.
    serde_json::from_slice::<IgnoredAny>(&wire[json..]).is_ok().then_some((json, wire.len()))
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({})", String::from_utf8_lossy(&self.wire))
    }
}
