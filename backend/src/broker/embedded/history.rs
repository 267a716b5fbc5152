//! Reading the history. Every read sees the last commit, whole.

use redb::{ReadOnlyTable, ReadTransaction};
use shared::text::{Position, Room};

use super::{
    settings::EmbeddedSettings,
    tables::{ENTRIES, EntryRow, ROOMS, RoomHead, STATE, entry, keep, split, tag},
};
use crate::{
    broker::{Anchor, Change, Run, Span, StoredEntry},
    clock::now_ms,
};

/// What a page may hold in bytes of records. One entry is always given, whatever its size.
pub(crate) const PAGE_BYTES: usize = 1024 * 1024;

type Entries = ReadOnlyTable<(&'static str, u64), EntryRow<'static>>;

/// See [`Core::read`](crate::broker::Core::read).
pub(super) fn read(
    transaction: &ReadTransaction,
    room: &Room,
    span: &Span,
    settings: &EmbeddedSettings,
) -> Result<Run, redb::Error> {
    RoomHistory::open(transaction, room, settings)?.run(span)
}

/// See [`Core::heads`](crate::broker::Core::heads).
pub(super) fn heads(transaction: &ReadTransaction, rooms: &[Room]) -> Result<Vec<Position>, redb::Error> {
    let table = transaction.open_table(ROOMS)?;
    rooms
        .iter()
        .map(|room| {
            Ok(RoomHead::read(&table, room.as_str())?.map_or_else(Position::start, |head| head.position()))
        })
        .collect()
}

/// See [`Core::first_kept`](crate::broker::Core::first_kept).
pub(super) fn first_kept(
    transaction: &ReadTransaction,
    room: &Room,
    positions: &[Position],
    settings: &EmbeddedSettings,
) -> Result<Option<Position>, redb::Error> {
    let history = RoomHistory::open(transaction, room, settings)?;
    for position in positions {
        if history.find_or_start(position)?.is_some() {
            return Ok(Some(position.clone()));
        }
    }
    Ok(None)
}

/// See [`RoomIndex::rooms`](crate::broker::RoomIndex::rooms). The cursor is the room that was given last.
pub(super) fn rooms(
    transaction: &ReadTransaction,
    after: Option<&str>,
) -> Result<(Vec<Room>, Option<String>), redb::Error> {
    const STEP: usize = 1_000;
    let table = transaction.open_table(ROOMS)?;
    let mut rooms = Vec::new();
    let mut last = None;
    for row in table.range(after.unwrap_or_default()..)?.take(STEP) {
        let (name, row) = row?;
        let (name, head) = (name.value(), RoomHead::from_row(row.value()));
        if Some(name) == after {
            continue;
        }
        last = Some(name.to_owned());
        if head.first < head.next
            && let Ok(room) = Room::parse(name)
        {
            rooms.push(room);
        }
    }
    Ok((rooms, last))
}

struct RoomHistory<'a> {
    table: Entries,
    room: &'a str,
    /// The oldest number that is kept.
    first: u64,
    /// One more than the number of the newest.
    next: u64,
    /// The tag of the newest, even if it was trimmed.
    tag: String,
}

impl<'a> RoomHistory<'a> {
    /// What readers may see of a room: as many of its newest entries as its record or the settings say, and what is
    /// young.
    fn open(
        transaction: &ReadTransaction,
        room: &'a Room,
        settings: &EmbeddedSettings,
    ) -> Result<Self, redb::Error> {
        let head = RoomHead::read(&transaction.open_table(ROOMS)?, room.as_str())?.unwrap_or_default();
        let max = keep(&transaction.open_table(STATE)?, room.as_str(), settings.history_max)?;
        let table = transaction.open_table(ENTRIES)?;
        let first = head.kept(&table, room.as_str(), max, settings.young_since(max, now_ms()))?;
        Ok(Self { table, room: room.as_str(), first, next: head.next, tag: head.tag })
    }

    fn run(&self, span: &Span) -> Result<Run, redb::Error> {
        let limit = u64::try_from(span.limit).unwrap_or(u64::MAX).max(1);
        let found = match &span.from {
            Anchor::Through(position) | Anchor::Before(position) if position.is_start() => {
                Some((self.first, Vec::new()))
            }
            Anchor::Newest => Some(self.back(self.next, limit, PAGE_BYTES)?),
            Anchor::Through(position) => match self.find(position)? {
                Some(number) => Some(self.back(number + 1, limit, PAGE_BYTES)?),
                None => None,
            },
            Anchor::Before(position) => match self.find(position)? {
                Some(number) => Some(self.back(number, limit, PAGE_BYTES)?),
                None => None,
            },
            Anchor::After(position) => match self.find_or_before(position)? {
                Some(number) => Some(self.forth(number + 1, limit, PAGE_BYTES)?),
                None => None,
            },
            Anchor::Around(position) if position.is_start() => match self.find_or_start(position)? {
                Some(number) => Some(self.forth(number + 1, limit, PAGE_BYTES)?),
                None => None,
            },
            Anchor::Around(position) => match self.find(position)? {
                Some(number) => Some(self.around(number, limit)?),
                None => None,
            },
        };
        let Some((from, entries)) = found else { return Ok(Run::default()) };
        let end = from + entries.len() as u64;
        let entries = entries.into_iter().map(|entry| self.with_change(entry)).collect::<Result<_, _>>()?;
        Ok(Run { entries, found: true, older: from > self.first, newer: end < self.next })
    }

    /// An amendment gets what the entry that it changes says now.
    fn with_change(&self, mut entry: StoredEntry) -> Result<StoredEntry, redb::Error> {
        if let Some(position) = entry.record.amends()
            && let Some(number) = self.find(&position)?
            && let Some(row) = self.table.get((self.room, number))?
        {
            let record = super::tables::entry(number, row.value()).record;
            entry.change = Some(Change { position, record });
        }
        Ok(entry)
    }

    /// The number of an entry that is kept.
    fn find(&self, position: &Position) -> Result<Option<u64>, redb::Error> {
        let Some((number, end)) =
            split(position).filter(|(number, _)| (self.first..self.next).contains(number))
        else {
            return Ok(None);
        };
        let row = self.table.get((self.room, number))?;
        // A number can be written in several ways; only the one that was handed out counts.
        let same = row.is_some_and(|row| {
            let nonce = row.value().4;
            tag(nonce) == end && super::tables::position(number, tag(nonce)) == *position
        });
        Ok(same.then_some(number))
    }

    fn find_or_start(&self, position: &Position) -> Result<Option<u64>, redb::Error> {
        if position.is_start() { Ok((self.first == 1).then_some(0)) } else { self.find(position) }
    }

    /// The same, or the place right before the oldest entry that is kept: nothing after it is missing either.
    fn find_or_before(&self, position: &Position) -> Result<Option<u64>, redb::Error> {
        let before = self.first - 1;
        if before == 0 || split(position).is_none_or(|(number, _)| number != before) {
            return self.find_or_start(position);
        }
        let same = match self.table.get((self.room, self.first))? {
            Some(oldest) => super::tables::position(before, oldest.value().2) == *position,
            None => super::tables::position(before, &self.tag) == *position,
        };
        Ok(same.then_some(before))
    }

    /// At most `limit` entries before `end`, and the number of the first of them.
    fn back(&self, end: u64, limit: u64, bytes: usize) -> Result<(u64, Vec<StoredEntry>), redb::Error> {
        let from = self.first.max(end.saturating_sub(limit));
        let mut entries = Vec::new();
        let mut size = 0;
        if from < end {
            for row in self.table.range((self.room, from)..(self.room, end))?.rev() {
                let (key, row) = row?;
                size += row.value().5.len();
                if size > bytes && !entries.is_empty() {
                    break;
                }
                entries.push(entry(key.value().1, row.value()));
            }
        }
        entries.reverse();
        Ok((end - entries.len() as u64, entries))
    }

    /// At most `limit` entries from `from` on.
    fn forth(&self, from: u64, limit: u64, bytes: usize) -> Result<(u64, Vec<StoredEntry>), redb::Error> {
        let end = self.next.min(from.saturating_add(limit));
        let mut entries = Vec::new();
        let mut size = 0;
        if from < end {
            for row in self.table.range((self.room, from)..(self.room, end))? {
                let (key, row) = row?;
                size += row.value().5.len();
                if size > bytes && !entries.is_empty() {
                    break;
                }
                entries.push(entry(key.value().1, row.value()));
            }
        }
        Ok((from, entries))
    }

    /// Half of the page before the entry, the entry, and the rest after it. If one side has too few, the other gets more.
    fn around(&self, number: u64, limit: u64) -> Result<(u64, Vec<StoredEntry>), redb::Error> {
        let (left, right) = (number - self.first, self.next - 1 - number);
        let after = right.min((limit - 1) - (limit - 1).min(left).min((limit - 1) / 2));
        let before = (limit - 1 - after).min(left);
        let (from, mut entries) = self.back(number + 1, before + 1, PAGE_BYTES / 2)?;
        if after > 0 {
            entries.extend(self.forth(number + 1, after, PAGE_BYTES / 2)?.1);
        }
        Ok((from, entries))
    }
}
