//! Which messages were stored within the nonce window.
//!
//! In memory only: a table would double what a publish writes. Each entry keeps its nonce, so the index is rebuilt
//! from the last ten minutes when the file is opened. A key is a 128-bit hash; the writer compares a hit with the entry.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use redb::ReadableTable;
use shared::limits::NONCE_WINDOW;

use super::{
    disk::Disk,
    tables::{ENTRIES, Head, ROOMS},
};
use crate::clock::millis;

/// Room, sender and nonce.
pub(super) type NonceKey = u128;

/// The index. Times are those of the monotonic clock, so a wall clock that is set back changes nothing.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    hashers: (RandomState, RandomState),
    /// Key to the number of the entry.
    numbers: HashMap<NonceKey, u64>,
    /// When keys go, soonest first.
    ends: VecDeque<(Instant, NonceKey)>,
}

impl Nonces {
    /// Reads the entries of the last ten minutes.
    pub(super) fn load(disk: &Disk, now_ms: u64) -> Result<Self, redb::Error> {
        let mut nonces = Self::default();
        nonces.reload(disk, now_ms)?;
        Ok(nonces)
    }

    /// Adds what the file has and the index has not.
    pub(super) fn reload(&mut self, disk: &Disk, now_ms: u64) -> Result<(), redb::Error> {
        let since = now_ms.saturating_sub(millis(NONCE_WINDOW));
        let now = Instant::now();
        let transaction = disk.begin_read()?;
        let rooms = transaction.open_table(ROOMS)?;
        let entries = transaction.open_table(ENTRIES)?;
        for row in rooms.iter()? {
            let (room, head) = row?;
            let (room, head) = (room.value(), Head::from_row(head.value()));
            if head.stored < since {
                continue;
            }
            for row in entries.range((room, head.first)..(room, head.next))?.rev() {
                let (key, row) = row?;
                let (stored, _, _, sender, nonce, _) = row.value();
                if stored < since {
                    break;
                }
                let left = Duration::from_millis(stored.min(now_ms) - since);
                let nonce_key = self.key(room, sender, nonce);
                if self.numbers.insert(nonce_key, key.value().1).is_none() {
                    self.ends.push_back((now + left, nonce_key));
                }
            }
        }
        self.ends.make_contiguous().sort_unstable();
        Ok(())
    }

    pub(super) fn key(&self, room: &str, sender: &str, nonce: &str) -> NonceKey {
        let key = (room, sender, nonce);
        (u128::from(self.hashers.0.hash_one(key)) << 64) | u128::from(self.hashers.1.hash_one(key))
    }

    /// The number of the entry that was stored under the key.
    pub(super) fn get(&self, key: NonceKey) -> Option<u64> {
        self.numbers.get(&key).copied()
    }

    /// Remembers an entry from now on.
    pub(super) fn insert(&mut self, key: NonceKey, number: u64) {
        self.numbers.insert(key, number);
        self.ends.push_back((Instant::now() + NONCE_WINDOW, key));
    }

    /// Forgets what was inserted last, because it was not stored after all.
    pub(super) fn withdraw(&mut self, count: usize) {
        for _ in 0..count {
            if let Some((_, key)) = self.ends.pop_back() {
                self.numbers.remove(&key);
            }
        }
    }

    /// Forgets what is past the window.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((end, key)) = self.ends.front()
            && *end <= now
        {
            self.numbers.remove(key);
            self.ends.pop_front();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests;
