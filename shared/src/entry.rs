//! What a room keeps: entries in one chain. A message is the entry that was *said*; others refer to one.

use std::ops::Deref;

use crate::{
    person::Sender,
    table::{Field, Fields, Flat, Frames, Record, Shape, Unreadable, Value, Writer, frames, record},
    text::{Body, Emoji, Nonce, Position},
};

record! {
    /// One entry of a room: its place in the chain, who made it, and what it is.
    pub struct Entry {
        /// Where it stands in its room.
        position: Position,
        /// The position of the entry before it. A gap is `prev` differing from the last position seen.
        prev: Position,
        /// The running number of messages in the room, this entry included, from 1: for counting, it identifies nothing.
        n: u64,
        /// Who made it and when. Absent only where the node knows no more than the place.
        origin: Flat<Option<Origin>>,
        /// What it is.
        what: What,
    }
}

record! {
    /// Who made an entry, and when.
    pub struct Origin {
        /// When the node took it, in milliseconds since the Unix epoch: for showing, it orders nothing.
        at: u64,
        /// Who made it, as they were called then.
        sender: Sender,
        /// The sender's mark: how the sender's own clients recognise it.
        nonce: Nonce,
    }
}

frames! {
    /// What an entry is. A new kind is added here; older clients see its place and pass over it.
    pub enum What by "kind" {
        /// A message. Its `kind` is absent.
        Said(Said) = "",
        /// A reaction to a message, or the end of one.
        Reacted(Reacted) = "reacted",
        /// What this reader does not know or cannot read. It has a place like any other.
        Unknown = "unknown",
    }
}

record! {
    /// A message.
    pub struct Said {
        /// What was said.
        body: Body,
    }
}

record! {
    /// A reaction. Of two by one person with the same emoji to the same message the later one counts.
    pub struct Reacted {
        /// The position of the message.
        to: Position,
        /// Which reaction.
        emoji: Emoji,
        /// Whether the reaction is there from now on.
        on: bool,
    }
}

/// A message: the entry that was said, with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// See [`Entry::position`].
    pub position: Position,
    /// See [`Entry::prev`].
    pub prev: Position,
    /// See [`Entry::n`].
    pub n: u64,
    /// See [`Origin::at`].
    pub at: u64,
    /// See [`Origin::sender`].
    pub sender: Sender,
    /// See [`Origin::nonce`].
    pub nonce: Nonce,
    /// See [`Said::body`].
    pub body: Body,
}

impl Entry {
    /// The message, if that is what the entry is.
    pub fn message(&self) -> Option<Message> {
        let (Some(Origin { at, sender, nonce }), What::Said(Said { body })) = (&self.origin.0, &self.what)
        else {
            return None;
        };
        Some(Message {
            position: self.position.clone(),
            prev: self.prev.clone(),
            n: self.n,
            at: *at,
            sender: sender.clone(),
            nonce: nonce.clone(),
            body: body.clone(),
        })
    }
}

impl From<Message> for Entry {
    fn from(message: Message) -> Self {
        let Message { position, prev, n, at, sender, nonce, body } = message;
        let origin = Flat(Some(Origin { at, sender, nonce }));
        Self { position, prev, n, origin, what: What::Said(Said { body }) }
    }
}

/// A kind that is unknown or cannot be read becomes [`What::Unknown`]: no content makes a reader lose a place.
impl Field for What {
    const SHAPE: Shape = Shape::Tagged { key: <Self as Frames>::KEY, frames: <Self as Frames>::FRAMES };

    fn read_field(fields: &mut Fields, _name: &'static str) -> Result<Self, Unreadable> {
        let kind = fields.word(Self::KEY).unwrap_or_default();
        Ok(Self::read_as(&kind, fields).ok().flatten().unwrap_or(Self::Unknown))
    }

    fn write_field(&self, out: &mut Writer, _name: &'static str) {
        self.write_tagged(out);
    }
}

/// A run of entries in a frame, oldest first. A node writes them from the JSON that it keeps; a client reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entries {
    /// As a client reads them.
    Read(Vec<Entry>),
    /// A JSON list of entries.
    Json(String),
}

impl Entries {
    /// The messages among the entries.
    pub fn messages(&self) -> Vec<Message> {
        self.iter().filter_map(Entry::message).collect()
    }

    /// The entries; none of those in [`Entries::Json`].
    pub fn into_vec(self) -> Vec<Entry> {
        match self {
            Self::Read(entries) => entries,
            Self::Json(_) => Vec::new(),
        }
    }
}

impl From<Vec<Message>> for Entries {
    fn from(messages: Vec<Message>) -> Self {
        Self::Read(messages.into_iter().map(Entry::from).collect())
    }
}

impl Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        match self {
            Self::Read(entries) => entries,
            Self::Json(_) => &[],
        }
    }
}

impl Value for Entries {
    const SHAPE: Shape = <Vec<Entry> as Value>::SHAPE;

    fn from_json(json: serde_json::Value, name: &'static str) -> Result<Self, Unreadable> {
        Vec::from_json(json, name).map(Self::Read)
    }

    fn write_json(&self, out: &mut Writer) {
        match self {
            Self::Read(entries) => entries.write_json(out),
            Self::Json(json) => out.raw(json),
        }
    }
}

/// The JSON object that a node stores for an entry: its origin and what it is, without its place. With it, where in
/// the object the part of `what` starts.
pub fn stored_json(origin: &Origin, what: &What) -> (String, usize) {
    let mut out = Writer::new();
    out.open();
    origin.write(&mut out);
    let fields = out.len();
    what.write_tagged(&mut out);
    out.close();
    (out.end(), fields)
}
