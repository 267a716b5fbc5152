//! What arrives while a room cannot take it, bounded.

use super::WAITING;
use crate::broker::Entry;

/// Entries that arrived while the room could not take them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) entries: Vec<Entry>,
    bytes: usize,
    /// Some had to be dropped.
    pub(super) overflowed: bool,
}

impl Waiting {
    /// Keeps one more, as long as there is space for all since the first.
    pub(super) fn push(&mut self, entry: Entry) {
        if self.overflowed {
            return;
        }
        self.bytes += entry.bytes();
        if self.bytes > WAITING {
            self.overflowed = true;
        } else {
            self.entries.push(entry);
        }
    }
}
