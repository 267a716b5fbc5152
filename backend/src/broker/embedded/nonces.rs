//! Which messages were stored within the nonce window.
//!
//! In memory only: a table would double what a publish writes. Each entry keeps its nonce, so after a start the nonces
//! of a room are read from its entries of the last ten minutes when the room is first written to. So a busy file opens
//! as fast as a quiet one, and a room that nobody writes to costs nothing. A key is a 128-bit hash; the writer compares
//! a hit with the entry.

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map},
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use redb::ReadableTable;
use shared::{limits::NONCE_WINDOW, text::Room};

use super::tables::{EntryRow, RoomHead};
use crate::clock::millis;

/// Room, sender and nonce.
pub(super) type NonceKey = u128;

/// Seconds of the index's own clock.
type Second = u32;

/// The index. Times are those of the monotonic clock, so a wall clock that is set back changes nothing.
#[derive(Debug)]
pub(super) struct Nonces {
    hashers: (RandomState, RandomState),
    /// Key to the number of the entry, and when the key goes.
    known: HashMap<NonceKey, (u64, Second)>,
    /// Which keys may go when.
    ends: BTreeMap<Second, Vec<NonceKey>>,
    /// Second 0.
    epoch: Instant,
    /// What was inserted since [`Nonces::begin`].
    fresh: Vec<NonceKey>,
    /// Entries that the file may have and the index has not. `None` when they are past the window.
    unread: Option<Unread>,
}

/// Entries that were stored before a moment, in all rooms but those that were read since.
#[derive(Debug)]
struct Unread {
    before: Instant,
    before_ms: u64,
    rooms_read: HashSet<Room>,
}

impl Nonces {
    /// An index that has read nothing yet, at this time of the wall clock.
    pub(super) fn new(now_ms: u64) -> Self {
        let mut nonces = Self {
            hashers: Default::default(),
            known: HashMap::new(),
            ends: BTreeMap::new(),
            epoch: Instant::now(),
            fresh: Vec::new(),
            unread: None,
        };
        nonces.doubt(now_ms);
        nonces
    }

    /// The file may have something that the index has not: every room is read again when it is next written to.
    pub(super) fn doubt(&mut self, now_ms: u64) {
        self.unread = Some(Unread { before: Instant::now(), before_ms: now_ms, rooms_read: HashSet::new() });
    }

    /// Whether [`Nonces::read`] is due before the index can say anything about the room.
    pub(super) fn is_unread(&self, room: &Room) -> bool {
        self.unread.as_ref().is_some_and(|unread| !unread.rooms_read.contains(room))
    }

    /// Adds the entries of a room that are within the window. Nothing of the open transaction may be among them.
    pub(super) fn read(
        &mut self,
        room: &Room,
        head: &RoomHead,
        entries: &impl ReadableTable<(&'static str, u64), EntryRow<'static>>,
    ) -> Result<(), redb::Error> {
        let Some(unread) = &self.unread else { return Ok(()) };
        let (before, before_ms) = (unread.before, unread.before_ms);
        let since = before_ms.saturating_sub(millis(NONCE_WINDOW));
        if head.stored >= since {
            for row in entries.range((room.as_str(), head.first)..(room.as_str(), head.next))?.rev() {
                let (number, row) = row?;
                let (stored, _, _, sender, nonce, _) = row.value();
                if stored < since {
                    break;
                }
                let left = Duration::from_millis(stored.min(before_ms) - since);
                let key = self.key(room.as_str(), sender, nonce);
                self.remember(key, number.value().1, before + left);
            }
        }
        if let Some(unread) = &mut self.unread {
            unread.rooms_read.insert(room.clone());
        }
        Ok(())
    }

    pub(super) fn key(&self, room: &str, sender: &str, nonce: &str) -> NonceKey {
        let key = (room, sender, nonce);
        (u128::from(self.hashers.0.hash_one(key)) << 64) | u128::from(self.hashers.1.hash_one(key))
    }

    /// The number of the entry that was stored under the key.
    pub(super) fn get(&self, key: NonceKey) -> Option<u64> {
        self.known.get(&key).map(|(number, _)| *number)
    }

    /// From here on [`Nonces::withdraw`] forgets.
    pub(super) fn begin(&mut self) {
        self.fresh.clear();
    }

    /// Remembers an entry from now on.
    pub(super) fn insert(&mut self, key: NonceKey, number: u64) {
        if self.remember(key, number, Instant::now() + NONCE_WINDOW) {
            self.fresh.push(key);
        }
    }

    /// Forgets what was inserted since [`Nonces::begin`], because it was not stored after all.
    pub(super) fn withdraw(&mut self) {
        for key in self.fresh.drain(..) {
            self.known.remove(&key);
        }
    }

    /// Forgets what is past the window.
    pub(super) fn expire(&mut self, now: Instant) {
        let now_s = now.saturating_duration_since(self.epoch).as_secs();
        while let Some(bucket) = self.ends.first_entry()
            && u64::from(*bucket.key()) <= now_s
        {
            let (end, keys) = bucket.remove_entry();
            for key in keys {
                // A key that was withdrawn and inserted again goes with its later end.
                if let hash_map::Entry::Occupied(known) = self.known.entry(key)
                    && known.get().1 == end
                {
                    known.remove();
                }
            }
        }
        if self
            .unread
            .as_ref()
            .is_some_and(|unread| now.saturating_duration_since(unread.before) > NONCE_WINDOW)
        {
            self.unread = None;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the key was new.
    fn remember(&mut self, key: NonceKey, number: u64, end: Instant) -> bool {
        let hash_map::Entry::Vacant(vacant) = self.known.entry(key) else { return false };
        // Rounded up: never forgotten too early.
        let end = end.saturating_duration_since(self.epoch).as_secs() + 1;
        let end = Second::try_from(end).unwrap_or(Second::MAX);
        vacant.insert((number, end));
        self.ends.entry(end).or_default().push(key);
        true
    }
}

#[cfg(test)]
mod tests;
