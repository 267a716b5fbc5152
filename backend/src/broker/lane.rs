//! Bounded, ordered hand-over from a broker's reader to the hub.
//!
//! The reader must never wait and never spawn a task per message, so a full lane drops what comes and remembers the
//! room. The hub learns of it after everything that was queued before, and reads the hole from the history.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use shared::text::Room;
use tokio::sync::Notify;

use super::{entry::StoredEntry, presence::Announcement};

/// What a broker delivers to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Entries of one room in chain order.
    Entries(Room, Vec<StoredEntry>),
    /// Something sent to [`Audience::Room`](super::Audience::Room).
    Broadcast(Room, Bytes),
    /// What another node announced; see [`Presence::announce`](super::Presence::announce).
    Presence(Room, Announcement),
    /// Entries or announcements of this room were dropped here. The history has the entries.
    Gapped(Room),
    /// Something sent to [`Audience::Nodes`](super::Audience::Nodes).
    NodeBroadcast(Bytes),
    /// A broadcast to all nodes was dropped here.
    NodesGapped,
}

impl Event {
    fn room(&self) -> Option<&Room> {
        match self {
            Self::Entries(room, _)
            | Self::Broadcast(room, _)
            | Self::Presence(room, _)
            | Self::Gapped(room) => Some(room),
            Self::NodeBroadcast(_) | Self::NodesGapped => None,
        }
    }

    /// The mark for events that were dropped.
    fn gap(room: Option<&Room>) -> Self {
        room.map_or(Self::NodesGapped, |room| Self::Gapped(room.clone()))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Entries(_, entries) => entries.iter().map(|entry| entry.bytes() + 128).sum(),
            Self::Broadcast(_, what) | Self::NodeBroadcast(what) => what.len() + 64,
            Self::Presence(_, announcement) => announcement.roster.people.len() * 128 + 128,
            Self::Gapped(_) | Self::NodesGapped => 64,
        }
    }
}

/// The lanes of one node. A room always uses the same lane; broadcasts to all nodes use one, too.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Lane>,
    hasher: RandomState,
}

impl Lanes {
    /// `count` lanes (at least one), each holding at most `bytes`.
    pub fn new(count: usize, bytes: usize) -> Self {
        Self { lanes: (0..count.max(1)).map(|_| Lane::new(bytes)).collect(), hasher: RandomState::new() }
    }

    /// Queues an event without waiting.
    pub fn push(&self, event: Event) {
        let hash = self.hasher.hash_one(event.room());
        let count = self.lanes.len() as u64;
        if let Some(lane) = self.lanes.get(usize::try_from(hash % count).unwrap_or_default()) {
            lane.push(event);
        }
    }

    /// All lanes, for their readers: one each.
    pub fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter()
    }

    /// How many events were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.dropped.load(Ordering::Relaxed)).sum()
    }
}

/// One ordered queue with any number of writers and one reader.
#[derive(Debug)]
pub struct Lane {
    queue: Mutex<Contents>,
    filled: Notify,
    limit: usize,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Contents {
    events: VecDeque<Event>,
    bytes: usize,
    /// Rooms whose events are dropped until the reader has seen the gap. `None`: broadcasts to all nodes.
    gapped: HashSet<Option<Room>>,
}

impl Lane {
    /// An empty lane that holds at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { queue: Mutex::default(), filled: Notify::new(), limit, dropped: AtomicU64::new(0) }
    }

    /// Queues the event, or drops it and marks its room when the lane is full.
    pub fn push(&self, event: Event) {
        {
            let mut queue = self.lock();
            let bytes = event.bytes();
            if !queue.gapped.is_empty() && queue.gapped.contains(&event.room().cloned()) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if queue.bytes + bytes > self.limit {
                // The mark itself is queued: one per room, so its cost is bounded by the subscribed rooms.
                self.dropped.fetch_add(1, Ordering::Relaxed);
                queue.gapped.insert(event.room().cloned());
                queue.events.push_back(Event::gap(event.room()));
            } else {
                queue.bytes += bytes;
                queue.events.push_back(event);
            }
        }
        self.filled.notify_one();
    }

    /// The next event; waits for one. Only one reader at a time.
    pub async fn next(&self) -> Event {
        loop {
            if let Some(event) = self.pop() {
                return event;
            }
            self.filled.notified().await;
        }
    }

    fn pop(&self) -> Option<Event> {
        let mut queue = self.lock();
        let event = queue.events.pop_front()?;
        match &event {
            Event::Gapped(_) | Event::NodesGapped => {
                queue.gapped.remove(&event.room().cloned());
            }
            Event::Entries(..) | Event::Broadcast(..) | Event::Presence(..) | Event::NodeBroadcast(_) => {
                queue.bytes -= event.bytes();
            }
        }
        Some(event)
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
