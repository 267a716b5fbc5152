//! What waits while a room is opened or repaired, bounded.

use crate::broker::StoredEntry;

/// Bytes that may wait while the room is opened, repaired or joined. Beyond it entries are dropped and read again,
/// and a joining member is better off resuming. Well below an outbox, so that nobody overflows when they follow.
pub const WAITING: usize = 256 * 1024;

/// Entries that arrived while the room could not take them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// In order.
    pub(super) entries: Vec<StoredEntry>,
    bytes: usize,
    /// Some had to be dropped.
    pub(super) overflowed: bool,
}

impl Waiting {
    /// Keeps one more, as long as there is space for all since the first.
    pub(super) fn push(&mut self, entry: StoredEntry) {
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
