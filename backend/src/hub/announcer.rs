//! Which rooms a node announces next, and which it reads again.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use shared::text::Room;
use tokio::sync::Notify;

use crate::broker::presence::{NAMED, Roster};

/// Between two announcements of a room in which there are more people than are named: nobody is told of each of them.
pub(super) const LARGE: Duration = Duration::from_secs(1);

/// The plan of a node's announcements.
#[derive(Debug, Default)]
pub struct Announcer {
    plan: Mutex<Plan>,
    /// Something is to be announced.
    pub(super) due: Notify,
    /// Something is to be read.
    pub(super) look: Notify,
}

#[derive(Debug, Default)]
struct Plan {
    /// Rooms that are to be announced.
    changed: HashSet<Room>,
    /// When a room with people was announced, and whether it had more people than were named.
    announced: HashMap<Room, (Instant, bool)>,
    /// Rooms of which this node may have missed an announcement.
    unread: HashSet<Room>,
    /// When all rooms are to be read.
    read_all: Vec<ReadAll>,
}

/// A time at which all rooms are to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadAll {
    /// When.
    pub(super) at: Instant,
    /// Whether nodes that announce nothing of a room then are not there any more.
    pub(super) last: bool,
}

/// What is to be read now.
pub(super) struct Due {
    pub(super) unread: HashSet<Room>,
    pub(super) all: Vec<ReadAll>,
    /// All rooms will be read again soon.
    pub(super) settling: bool,
}

impl Announcer {
    /// The node may have missed an announcement of this room.
    pub(super) fn read_again(&self, room: &Room) {
        self.lock().unread.insert(room.clone());
    }

    /// The same of these rooms.
    pub(super) fn read_all_again(&self, rooms: HashSet<Room>) {
        self.lock().unread.extend(rooms);
    }

    /// Replaces the times at which all rooms are to be read.
    pub(super) fn read_everything_at(&self, times: Vec<ReadAll>) {
        self.lock().read_all = times;
        self.look.notify_one();
    }

    /// Reading everything failed: it stays due.
    pub(super) fn still_due(&self, time: ReadAll) {
        self.lock().read_all.push(time);
    }

    /// Takes what is to be read now.
    pub(super) fn take_due(&self) -> Due {
        let mut plan = self.lock();
        let now = Instant::now();
        let all = plan.read_all.extract_if(.., |time| time.at <= now).collect();
        Due { unread: std::mem::take(&mut plan.unread), all, settling: !plan.read_all.is_empty() }
    }

    /// These rooms are to be announced.
    pub(super) fn changed(&self, rooms: impl IntoIterator<Item = Room>) {
        self.lock().changed.extend(rooms);
        self.due.notify_one();
    }

    /// Takes up to `most` rooms that are to be announced now.
    pub(super) fn take_changed(&self, most: usize) -> Vec<Room> {
        let mut plan = self.lock();
        let Plan { changed, announced, .. } = &mut *plan;
        let due =
            |room: &&Room| announced.get(*room).is_none_or(|(at, large)| !large || at.elapsed() >= LARGE);
        let some: Vec<_> = changed.iter().filter(due).take(most).cloned().collect();
        for room in &some {
            changed.remove(room);
        }
        some
    }

    /// Whether others still go by an announcement of the room.
    pub(super) fn has_announced(&self, room: &Room) -> bool {
        self.lock().announced.contains_key(room)
    }

    /// These rooms were announced.
    pub(super) fn announced(&self, rooms: Vec<(Room, Roster)>) {
        let (mut plan, now) = (self.lock(), Instant::now());
        for (room, roster) in rooms {
            if roster.count == 0 {
                plan.announced.remove(&room);
            } else {
                plan.announced.insert(room, (now, roster.count > NAMED as u64));
            }
        }
    }

    /// Takes all rooms that were announced, to withdraw them.
    pub(super) fn take_announced(&self) -> Vec<Room> {
        self.lock().announced.drain().map(|(room, _)| room).collect()
    }

    /// Rooms of which the announcement is `age` old.
    pub(super) fn older_than(&self, age: Duration) -> Vec<Room> {
        let plan = self.lock();
        let old = plan.announced.iter().filter(|(_, (at, _))| at.elapsed() >= age);
        old.map(|(room, _)| room.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
