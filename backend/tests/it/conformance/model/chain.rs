//! A room as a list in memory.

use std::collections::{HashMap, VecDeque};

use backend::broker::{Draft, Stored, StoredEntry};
use bytes::Bytes;
use shared::text::{Position, Room};

use crate::conformance::room;

/// A room as it must be.
pub(super) struct Chain {
    pub(super) room: Room,
    pub(super) entries: Vec<StoredEntry>,
    /// By sender and nonce: where the first try stands.
    pub(super) nonces: HashMap<(String, String), Position>,
    pub(super) taken: bool,
    /// What the listener still has to hear.
    pub(super) due: VecDeque<StoredEntry>,
    pub(super) due_told: VecDeque<Bytes>,
}

impl Chain {
    pub(super) fn of(name: &str) -> Self {
        Self {
            room: room(name),
            entries: Vec::new(),
            nonces: HashMap::new(),
            taken: false,
            due: VecDeque::new(),
            due_told: VecDeque::new(),
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.n)
    }

    pub(super) fn head(&self) -> Position {
        self.entries.last().map_or_else(Position::start, |entry| entry.position.clone())
    }

    pub(super) fn find(&self, position: &Position) -> Option<usize> {
        self.entries.iter().position(|entry| entry.position == *position)
    }

    /// What an answer to a publish must be; the room is as it is after it.
    pub(super) fn published(&mut self, draft: &Draft, stored: &Stored) {
        let key = (draft.sender.to_string(), draft.nonce.to_string());
        if let Some(first) = self.nonces.get(&key) {
            let wanted = Stored { position: first.clone(), n: None, duplicate: true };
            assert_eq!(*stored, wanted, "a repeated nonce");
            return;
        }
        let n = self.count() + u64::from(draft.counts);
        assert_eq!((stored.n, stored.duplicate), (Some(n), false));
        self.append(draft, stored.position.clone());
    }

    pub(super) fn append(&mut self, draft: &Draft, position: Position) {
        assert!(self.find(&position).is_none(), "{position} is there already");
        let key = (draft.sender.to_string(), draft.nonce.to_string());
        self.nonces.insert(key, position.clone());
        let entry = StoredEntry {
            position,
            prev: self.head(),
            n: self.count() + u64::from(draft.counts),
            record: draft.record.clone(),
            change: draft.amends.clone(),
        };
        self.entries.push(entry.clone());
        if let Some(change) = &draft.amends {
            // From now on every read shows it, by the entry itself and by all that amended it.
            for entry in &mut self.entries {
                if entry.position == change.position {
                    entry.record = change.record.clone();
                }
                if let Some(earlier) =
                    entry.change.as_mut().filter(|earlier| earlier.position == change.position)
                {
                    earlier.record = change.record.clone();
                }
            }
        }
        if self.taken {
            self.due.push_back(entry);
        }
    }
}
