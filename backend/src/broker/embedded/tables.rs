//! The tables of the file.
//!
//! Entries of a room are numbered from 1 without holes, so the chain, the count and every range are arithmetic.
//! The number alone is no position: a file that was restored from a copy gives numbers out again. So a position also
//! has the end of the entry's nonce.

use bytes::Bytes;
use redb::{ReadableTable, TableDefinition};
use shared::text::Position;

use crate::broker::{Kind, Record, StoredEntry, YOUNG_TIMES, room::RoomRecord};

/// The version of everything below. A file with another one is refused.
pub(super) const FORMAT: u64 = 1;

/// `format` and `created` (milliseconds since 1970).
pub(super) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");

/// `(room, number)` to `(stored at in ms, n, tag of the one before, sender, nonce, record)`. The record of an entry that
/// was amended is the new one: the old one is not in the file any more.
pub(super) const ENTRIES: TableDefinition<'static, (&str, u64), EntryRow<'static>> =
    TableDefinition::new("entries");

/// Room to `(first number, next number, n, rights, last stored at in ms, last tag)`.
pub(super) const ROOMS: TableDefinition<'static, &str, HeadRow<'static>> = TableDefinition::new("rooms");

/// `(kind, name)` to `(version, expires at in ms or 0, value)`.
pub(super) const STATE: TableDefinition<'static, (&str, &str), StateRow<'static>> =
    TableDefinition::new("state");

pub(super) type EntryRow<'a> = (u64, u64, &'a str, &'a str, &'a str, &'a [u8]);
pub(super) type HeadRow<'a> = (u64, u64, u64, u64, u64, &'a str);
pub(super) type StateRow<'a> = (u64, u64, &'a [u8]);

/// What is known of a room without reading its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoomHead {
    /// The number of the oldest entry that is still in the file.
    pub(super) first: u64,
    /// The number that the next entry gets.
    pub(super) next: u64,
    /// Messages so far.
    pub(super) n: u64,
    /// The version of the room's rights, 0 for none.
    pub(super) rights: u64,
    /// When the last entry was stored.
    pub(super) stored: u64,
    /// The tag of the last entry.
    pub(super) tag: String,
}

impl Default for RoomHead {
    fn default() -> Self {
        Self { first: 1, next: 1, n: 0, rights: 0, stored: 0, tag: String::new() }
    }
}

impl RoomHead {
    pub(super) fn read(
        table: &impl ReadableTable<&'static str, HeadRow<'static>>,
        room: &str,
    ) -> Result<Option<Self>, redb::Error> {
        Ok(table.get(room)?.map(|row| Self::from_row(row.value())))
    }

    pub(super) fn from_row((first, next, n, rights, stored, tag): HeadRow<'_>) -> Self {
        Self { first, next, n, rights, stored, tag: tag.to_owned() }
    }

    pub(super) fn row(&self) -> HeadRow<'_> {
        (self.first, self.next, self.n, self.rights, self.stored, &self.tag)
    }

    /// The number of the oldest entry that counts as kept: one of the newest `max`, or stored at `young_since` or later
    /// and one of the newest `YOUNG_TIMES * max`. Trimming lags behind, in chunks.
    pub(super) fn kept(
        &self,
        entries: &impl ReadableTable<(&'static str, u64), EntryRow<'static>>,
        room: &str,
        max: u64,
        young_since: u64,
    ) -> Result<u64, redb::Error> {
        let newest = |count: u64| self.first.max(self.next.saturating_sub(count));
        let by_count = newest(max);
        if young_since == u64::MAX {
            return Ok(by_count);
        }
        // Entries are stored in the order of time: the first one that is young is found by halves.
        let (mut low, mut high) = (newest(max.saturating_mul(YOUNG_TIMES)), by_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let young = entries.get((room, middle))?.is_some_and(|row| row.value().0 >= young_since);
            if young { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    /// The position of the last entry.
    pub(super) fn position(&self) -> Position {
        position(self.next - 1, &self.tag)
    }
}

/// How many entries a room keeps: what its record says, else `max`.
pub(super) fn keep(
    state: &impl ReadableTable<(&'static str, &'static str), StateRow<'static>>,
    room: &str,
    max: u64,
) -> Result<u64, redb::Error> {
    let row = state.get((Kind::Room.as_str(), room))?;
    Ok(row.and_then(|row| RoomRecord::keep_of(row.value().2)).unwrap_or(max.max(1)))
}

/// The position of the entry with this number, [`Position::start`] for 0.
pub(super) fn position(number: u64, tag: &str) -> Position {
    if number == 0 {
        return Position::start();
    }
    Position::parse(&format!("{number}.{tag}")).unwrap_or_else(|_| Position::start())
}

/// The number and the tag of a position of this broker. `None` for any other text, the start too.
pub(super) fn split(position: &Position) -> Option<(u64, &str)> {
    let (number, tag) = position.as_str().split_once('.')?;
    Some((number.parse().ok()?, tag))
}

/// The last characters of a nonce (which is ASCII), at most four.
pub(super) fn tag(nonce: &str) -> &str {
    nonce.get(nonce.len().saturating_sub(4)..).unwrap_or(nonce)
}

/// The entry that a row stands for, without what it changes.
pub(super) fn entry(number: u64, (_, n, prev, _, nonce, record): EntryRow<'_>) -> StoredEntry {
    StoredEntry {
        position: position(number, tag(nonce)),
        prev: position(number - 1, prev),
        n,
        record: Record::parse(Bytes::copy_from_slice(record)),
        change: None,
    }
}

/// Whether a record with this end counts.
pub(super) fn live(end: u64, now_ms: u64) -> bool {
    end == 0 || end > now_ms
}
