//! The recent entries of one room, contiguous up to its last position, drawn from one budget of the node.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use shared::text::Position;

use super::encoded::EncodedEntry;
use crate::broker::{Change, StoredEntry};

/// Most entries that one room keeps.
const ENTRIES: usize = 1024;

/// Bytes that all rings of a node may hold together.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    used: AtomicUsize,
    clock: AtomicU64,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0), clock: AtomicU64::new(0) }
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// More is held than allowed.
    pub fn exceeded(&self) -> bool {
        self.used() > self.limit
    }

    /// Less than a tenth is free.
    pub fn pressing(&self) -> bool {
        self.used() > self.limit / 10 * 9
    }
}

/// The entries, oldest first.
#[derive(Debug, Default)]
pub struct Ring {
    entries: VecDeque<Arc<EncodedEntry>>,
    bytes: usize,
    touched: u64,
}

impl Ring {
    /// Adds the newest entry.
    pub fn push(&mut self, encoded: Arc<EncodedEntry>, budget: &Budget) {
        self.touched = budget.clock.fetch_add(1, Ordering::Relaxed);
        let bytes = encoded.bytes();
        self.bytes += bytes;
        budget.used.fetch_add(bytes, Ordering::Relaxed);
        self.entries.push_back(encoded);
        if self.entries.len() > ENTRIES {
            self.drop_oldest(budget);
        }
    }

    /// When it was last added to, in pushes of the node.
    pub fn touched(&self) -> u64 {
        self.touched
    }

    /// Whether this position is among the entries.
    pub fn contains(&self, position: &Position) -> bool {
        self.find(position).is_some()
    }

    /// The entry at a position, if it is among them.
    pub fn get(&self, position: &Position) -> Option<Arc<EncodedEntry>> {
        self.find(position).map(|at| self.entries[at].clone())
    }

    /// Whether this position is among the entries, of a room that keeps nothing.
    pub fn passed(&self, position: &Position) -> bool {
        self.find(position).is_some_and(|at| self.entries[at].entry.record.is_passing())
    }

    /// The entries after a position; `None` when the ring cannot tell.
    pub fn after(&self, position: &Position) -> Option<Vec<Arc<EncodedEntry>>> {
        let from = match self.find(position) {
            Some(at) => at + 1,
            None if self.entries.front().is_some_and(|first| first.entry.prev == *position) => 0,
            None => return None,
        };
        Some(self.entries.range(from..).cloned().collect())
    }

    /// The newest `count` entries, if the ring holds that many or the room's first ever; with it whether older ones exist.
    pub fn newest(&self, count: usize) -> Option<(Vec<Arc<EncodedEntry>>, bool)> {
        let first = self.entries.front()?;
        let whole = first.entry.prev.is_start();
        if self.entries.len() < count && !whole {
            return None;
        }
        let from = self.entries.len().saturating_sub(count);
        let older = from > 0 || !whole;
        Some((self.entries.range(from..).cloned().collect(), older))
    }

    /// All positions, newest first.
    pub fn positions(&self) -> Vec<Position> {
        self.entries.iter().rev().map(|encoded| encoded.entry.position.clone()).collect()
    }

    /// From now on an entry says something else, if the ring has it.
    pub fn amend(&mut self, change: &Change, budget: &Budget) {
        let Some(at) = self.find(&change.position) else { return };
        let before = Arc::clone(&self.entries[at]);
        let entry = StoredEntry { record: change.record.clone(), ..before.entry.clone() };
        let now = Arc::new(EncodedEntry::new(entry));
        self.bytes += now.bytes();
        budget.used.fetch_add(now.bytes(), Ordering::Relaxed);
        self.entries[at] = now;
        self.release(&before, budget);
    }

    /// Drops the entries after a position; all of them if it is not there, or if what an earlier one says could hang
    /// on one of those that go.
    pub fn roll_back(&mut self, position: &Position, budget: &Budget) {
        let keep = self.find(position).map_or(0, |at| at + 1);
        let keep =
            if self.entries.range(keep..).any(|encoded| encoded.entry.change.is_some()) { 0 } else { keep };
        while self.entries.len() > keep {
            if let Some(encoded) = self.entries.pop_back() {
                self.release(&encoded, budget);
            }
        }
    }

    /// Drops everything.
    pub fn clear(&mut self, budget: &Budget) {
        while !self.entries.is_empty() {
            self.drop_oldest(budget);
        }
    }

    fn find(&self, position: &Position) -> Option<usize> {
        self.entries.iter().rposition(|encoded| encoded.entry.position == *position)
    }

    fn drop_oldest(&mut self, budget: &Budget) {
        if let Some(encoded) = self.entries.pop_front() {
            self.release(&encoded, budget);
        }
    }

    fn release(&mut self, encoded: &EncodedEntry, budget: &Budget) {
        let bytes = encoded.bytes();
        self.bytes -= bytes;
        budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
