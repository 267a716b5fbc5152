//! One entry of a room's history: its place in the chain, and a record that is carried without being parsed.

mod record;

use shared::{
    entry::{Entry, Message},
    table::{Fields, Record as _},
    text::{Nonce, Position, UserId},
};

pub use self::record::Record;

/// An entry as it stands in the history and as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
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

impl StoredEntry {
    /// What it carries, in bytes.
    pub fn bytes(&self) -> usize {
        self.record.wire().len() + self.change.as_ref().map_or(0, |change| change.record.wire().len())
    }

    /// Appends the fields of the JSON object that clients read, and its end: the place, then the fields of the record as
    /// they are. Of a record that this build cannot pass on, no more than the place. Whoever calls has begun the object.
    pub fn write_fields(&self, out: &mut String) {
        use std::fmt::Write as _;
        let Self { position, prev, n, record, change: _ } = self;
        // Positions have no character that JSON escapes; writing to a text does not fail.
        let written = write!(out, r#""position":"{position}","prev":"{prev}","n":{n},"#);
        debug_assert!(written.is_ok());
        match record.object() {
            Some(fields) => out.push_str(&fields[1..]),
            None => out.push_str(r#""kind":"unknown"}"#),
        }
    }

    /// The entry as a client reads it.
    pub fn decode(&self) -> Option<Entry> {
        let mut json = "{".to_owned();
        self.write_fields(&mut json);
        Entry::read(&mut Fields::parse(&json).ok()?).ok()
    }

    /// The message, if that is what it is.
    pub fn message(&self) -> Option<Message> {
        self.decode()?.message()
    }
}

/// An entry that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whose nonce it is.
    pub sender: UserId,
    /// The sender's mark, the same on every try.
    pub nonce: Nonce,
    /// Whether it raises the room's running number: messages do, what only refers to them does not.
    pub counts: bool,
    /// What it changes. Such an entry never counts.
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

#[cfg(test)]
mod tests;
