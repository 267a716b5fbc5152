//! What travels over a channel: a version, a kind, and what the kind says.
//!
//! | payload | meaning |
//! |---|---|
//! | `1e` then for each entry `<position> <prev> <n> <bytes>\n<record>` | entries of the room in chain order |
//! | the same with `<position> <prev> <n> <bytes> <cut>\n` | the last `<bytes>` − `<cut>` bytes are not the record of the amendment but what the entry that it changes says now |
//! | the same with `<position> <prev> <n> <bytes> - p\n` | an entry of a room that keeps no history |
//! | `1t` then bytes | something told, not stored: to a room, or on the channel of all nodes |
//! | `1h<node> <number> <json>` | who is in the room on a node; of two words of one node that with the greater number holds |
//! | `1p<number>` | a node's probe, on its own channel |
//!
//! A reader skips versions and kinds that it does not know, and words that a later version adds to an entry's line.

use bytes::{BufMut, Bytes, BytesMut};
use shared::text::Position;

use crate::broker::{Change, Record, StoredEntry, presence::Announcement};

/// A payload, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Payload {
    /// Entries of one room.
    Entries(Vec<StoredEntry>),
    /// Something told.
    Broadcast(Bytes),
    /// Who is in the room on a node.
    Presence(Announcement),
    /// A probe's number.
    Probe(u64),
    /// Of a later version: to be skipped.
    Unknown,
    /// Not what it says it is.
    Damaged,
}

/// Takes a payload apart. Records share its memory.
pub(super) fn parse(payload: &Bytes) -> Payload {
    let Some((kind, rest)) = payload.split_at_checked(2) else { return Payload::Damaged };
    match kind {
        b"1e" => entries(payload.slice(2..)).map_or(Payload::Damaged, Payload::Entries),
        b"1t" => Payload::Broadcast(payload.slice(2..)),
        b"1h" => {
            let shown = std::str::from_utf8(rest).ok().and_then(Announcement::decode);
            shown.map_or(Payload::Damaged, Payload::Presence)
        }
        b"1p" => number(rest).map_or(Payload::Damaged, Payload::Probe),
        _ => Payload::Unknown,
    }
}

/// The payload of [`Payload::Broadcast`].
pub(super) fn broadcast(what: &[u8]) -> Bytes {
    let mut payload = BytesMut::with_capacity(what.len() + 2);
    payload.put_slice(b"1t");
    payload.put_slice(what);
    payload.freeze()
}

/// The payload of [`Payload::Presence`].
pub(super) fn presence(announcement: &str) -> String {
    format!("1h{announcement}")
}

/// The payload of [`Payload::Probe`].
pub(super) fn probe(number: u64) -> String {
    format!("1p{number}")
}

fn entries(mut rest: Bytes) -> Option<Vec<StoredEntry>> {
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'\n')?;
        let line = rest.split_to(end + 1);
        let mut words = std::str::from_utf8(line.get(..end)?).ok()?.split(' ');
        let position = Position::parse(words.next()?).ok()?;
        let prev = Position::parse(words.next()?).ok()?;
        let n = words.next()?.parse().ok()?;
        let bytes = words.next()?.parse().ok()?;
        if bytes > rest.len() {
            return None;
        }
        let mut record = rest.split_to(bytes);
        let cut = words.next().and_then(|word| word.parse().ok()).filter(|cut| *cut <= bytes);
        let passing = words.next() == Some("p");
        let changed = cut.map(|cut| record.split_off(cut));
        let record = Record::parse(record);
        let record = if passing { record.passing() } else { record };
        let change = changed.zip(record.amends());
        let change = change.map(|(now, position)| Change { position, record: Record::parse(now) });
        entries.push(StoredEntry { position, prev, n, record, change });
    }
    (!entries.is_empty()).then_some(entries)
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
