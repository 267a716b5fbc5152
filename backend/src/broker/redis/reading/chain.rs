//! Entries that a stream has and that are not part of its room's chain.
//!
//! If Redis's append-only file is cut inside a transaction, Redis starts without that transaction. But it can leave the
//! beginning of it in the file, writes on behind it, and carries it out at the next start. Then the stream has an entry
//! that nobody was told of, or that everybody was told was lost, between two that follow each other. The entry after it
//! names another entry before itself: that is how it is found, and it is not shown. Pure.

use shared::text::Position;

use super::super::stored;
use crate::broker::entry::StoredEntry;

/// Whether `later`, which comes after `position` in the stream, says that `position` is not in the chain: it follows
/// an entry that is older still.
pub(super) fn skips(later: &StoredEntry, position: &Position) -> bool {
    is_behind(&later.prev, position)
}

fn is_behind(prev: &Position, position: &Position) -> bool {
    match (stored::place(prev), stored::place(position)) {
        (Some(prev), Some(place)) => prev < place,
        (None, _) | (_, None) => false,
    }
}

/// A run that grows towards older entries.
#[derive(Debug, Default)]
pub(super) struct Older {
    /// What the oldest entry of the run names before itself.
    prev: Option<Position>,
}

impl Older {
    /// A run before an entry.
    pub(super) fn before(entry: &StoredEntry) -> Self {
        Self { prev: Some(entry.prev.clone()) }
    }

    /// Whether the next older entry of the stream is the next one of the chain.
    pub(super) fn accepts(&mut self, entry: &StoredEntry) -> bool {
        let accepted = self.prev.as_ref().is_none_or(|prev| !is_behind(prev, &entry.position));
        if accepted {
            self.prev = Some(entry.prev.clone());
        }
        accepted
    }
}

/// Takes the entries away that the next newer entry of the stream says are not in the chain.
pub(super) fn drop_skipped(entries: &mut Vec<StoredEntry>, newer: &StoredEntry) {
    while entries.last().is_some_and(|last| skips(newer, &last.position)) {
        entries.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::entry::Record;

    fn entry(number: u64, prev: u64) -> StoredEntry {
        let position = |number: u64| match number {
            0 => Position::start(),
            _ => Position::parse(&format!("17-{number}.aaaa")).unwrap(),
        };
        let (position, prev) = (position(number), position(prev));
        StoredEntry { position, prev, n: number, record: Record::parse("x".into()), change: None }
    }

    /// 4 and 5 were carried out late: 6 follows 3.
    fn stream() -> Vec<StoredEntry> {
        [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 3), (7, 6)]
            .map(|(number, prev)| entry(number, prev))
            .into()
    }

    fn numbers(entries: &[StoredEntry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.n).collect()
    }

    #[test]
    fn both_ways_leave_out_what_is_not_in_the_chain() {
        let mut older = Older::default();
        let run: Vec<_> = stream().into_iter().rev().filter(|entry| older.accepts(entry)).collect();
        assert_eq!(numbers(&run), [7, 6, 3, 2, 1]);

        let mut run = Vec::new();
        for entry in stream() {
            drop_skipped(&mut run, &entry);
            run.push(entry);
        }
        assert_eq!(numbers(&run), [1, 2, 3, 6, 7]);
    }

    #[test]
    fn the_first_entries_of_a_room_may_be_left_out_too() {
        let mut older = Older::before(&entry(3, 0));
        assert!(!older.accepts(&entry(2, 1)) && !older.accepts(&entry(1, 0)));
        assert!(skips(&entry(3, 0), &entry(1, 0).position));
    }

    #[test]
    fn an_entry_behind_a_hole_is_not_left_out() {
        assert!(Older::before(&entry(9, 7)).accepts(&entry(5, 4)));
    }
}
