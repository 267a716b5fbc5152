//! Telling the other nodes who is here, and hearing of theirs.
//!
//! Nobody who joins, leaves or sends waits for it. Rooms in which something changed are gathered for a moment and told
//! together, so a thousand pages that come back at once are a few round trips. Each word says all that this node has
//! to say of a room, so whatever is lost on the way is made good by the next one; after an interruption everything is
//! said and read again.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use shared::text::Room;
use tokio::{sync::Notify, time::timeout};

use super::{Hub, live::Live, repair::Pause, room::RoomCell};
use crate::broker::presence::{Announcement, NAMED, NodeId, Roster};

/// For how long changes are gathered.
const GATHER: Duration = Duration::from_millis(50);

/// Between two words about a room in which there are more people than are named: nobody is told of each of them.
const LARGE: Duration = Duration::from_secs(1);

/// Rooms told, or asked about, at a time.
const BATCH: usize = 256;

/// What a first member waits for what other nodes say. Later is told, too.
const FIRST_WORD: Duration = Duration::from_millis(300);

/// How often it is looked which nodes live. One that is found dead twice in a row is gone.
const LOOK: Duration = Duration::from_secs(2);

/// After an interruption other nodes have so long to say anew who is there.
const SETTLE: Duration = Duration::from_secs(10);

/// When what was said is said again, long before it expires.
const REFRESH: Duration = Duration::from_secs(2 * 3600);

/// For the last word of a node that leaves.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is to be told, and what is to be read.
#[derive(Debug, Default)]
pub struct Announcer {
    plans: Mutex<Plans>,
    tell: Notify,
    look: Notify,
}

#[derive(Debug, Default)]
struct Plans {
    /// Rooms about which something is to be said.
    changed: HashSet<Room>,
    /// When something was said of a room in which somebody is, and whether it had more people than were named.
    said: HashMap<Room, (Instant, bool)>,
    /// Rooms of which a word may have been missed.
    unread: HashSet<Room>,
    /// When all rooms are to be read; true if nodes that say nothing of a room then are not there any more.
    read_all: Vec<(Instant, bool)>,
}

impl Announcer {
    /// A word about this room may have been missed.
    pub(super) fn read_again(&self, room: &Room) {
        self.lock().unread.insert(room.clone());
    }

    fn changed(&self, rooms: impl IntoIterator<Item = Room>) {
        self.lock().changed.extend(rooms);
        self.tell.notify_one();
    }

    /// Some of the rooms about which something is to be said now.
    fn take(&self) -> Vec<Room> {
        let mut plans = self.lock();
        let Plans { changed, said, .. } = &mut *plans;
        let due = |room: &&Room| said.get(*room).is_none_or(|(at, large)| !large || at.elapsed() >= LARGE);
        let some: Vec<_> = changed.iter().filter(due).take(BATCH).cloned().collect();
        for room in &some {
            changed.remove(room);
        }
        some
    }

    /// Whether something was said of the room that others still go by.
    fn has_said(&self, room: &Room) -> bool {
        self.lock().said.contains_key(room)
    }

    fn said(&self, rooms: Vec<(Room, Roster)>) {
        let (mut plans, now) = (self.lock(), Instant::now());
        for (room, here) in rooms {
            if here.count == 0 {
                plans.said.remove(&room);
            } else {
                plans.said.insert(room, (now, here.count > NAMED as u64));
            }
        }
    }

    fn old(&self) -> Vec<Room> {
        let plans = self.lock();
        let old = plans.said.iter().filter(|(_, (at, _))| at.elapsed() >= REFRESH);
        old.map(|(room, _)| room.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// If who is here changed, the other nodes are told soon.
    pub(super) fn announce_if_changed(&self, cell: &RoomCell, live: &mut Live) {
        if live.take_changed() {
            self.announcer.changed([cell.room().clone()]);
        }
    }

    /// What other nodes say of a room that is being opened.
    pub(super) async fn fetch_peers(&self, room: &Room) -> Vec<Announcement> {
        let found = timeout(FIRST_WORD, self.broker.presence.peers(std::slice::from_ref(room))).await;
        found.ok().and_then(Result::ok).and_then(|mut found| found.pop()).unwrap_or_else(|| {
            self.announcer.read_again(room);
            Vec::new()
        })
    }

    /// The bus was interrupted: nobody knows what the others heard, nor what they said.
    pub(super) fn announce_all_rooms(&self) {
        let people = |cell: &Arc<RoomCell>| cell.live().people().roster().count > 0;
        self.announcer
            .changed(self.cells().iter().filter(|cell| people(cell)).map(|cell| cell.room().clone()));
        let now = Instant::now();
        self.announcer.lock().read_all = vec![(now, false), (now + SETTLE, true)];
        self.announcer.look.notify_one();
    }

    /// The node leaves: nobody is here any more.
    pub async fn withdraw_presence(&self) {
        let said: Vec<_> =
            self.announcer.lock().said.drain().map(|(room, _)| (room, Roster::default())).collect();
        // Others find out by themselves, only later.
        let _late = timeout(FAREWELL, self.broker.presence.announce(&said)).await;
    }

    /// Tells what is to be told, for ever.
    pub(super) async fn publish_presence(&self) {
        loop {
            // What was put off becomes due without anybody saying so.
            let _due = timeout(LARGE, self.announcer.tell.notified()).await;
            tokio::time::sleep(GATHER).await;
            let mut pause = Pause::default();
            loop {
                let rooms = self.announcer.take();
                if rooms.is_empty() {
                    break;
                }
                let word = |room: Room| {
                    let here = self.find(&room).map(|cell| cell.live().people().roster());
                    (room, here.unwrap_or_default())
                };
                let mut words: Vec<_> = rooms.into_iter().map(word).collect();
                words.retain(|(room, here)| here.count > 0 || self.announcer.has_said(room));
                match self.broker.presence.announce(&words).await {
                    Ok(()) => self.announcer.said(words),
                    Err(error) => {
                        tracing::debug!("the other nodes cannot be told yet who is here: {error}");
                        self.announcer.changed(words.into_iter().map(|(room, _)| room));
                        pause.wait().await;
                    }
                }
            }
        }
    }

    /// Reads what may have been missed, and takes away what dead nodes left, for ever.
    pub(super) async fn watch_nodes(&self) {
        let mut suspects = HashSet::new();
        loop {
            let _early = timeout(LOOK, self.announcer.look.notified()).await;
            self.announcer.changed(self.announcer.old());
            if self.read_due_rooms().await {
                // Leases may have ended while Redis was away.
                suspects.clear();
            } else {
                suspects = self.remove_dead_nodes(suspects).await;
            }
        }
    }

    /// True if the time is not right for telling who is dead.
    async fn read_due_rooms(&self) -> bool {
        let (unread, due, settling) = {
            let mut plans = self.announcer.lock();
            let now = Instant::now();
            let due: Vec<_> = plans.read_all.extract_if(.., |(at, _)| *at <= now).collect();
            (std::mem::take(&mut plans.unread), due, !plans.read_all.is_empty())
        };
        let cells: Vec<_> = unread.iter().filter_map(|room| self.find(room)).collect();
        if !self.read_others(&cells, true).await {
            self.announcer.lock().unread.extend(unread);
        }
        for (at, last) in &due {
            if !self.read_others(&self.cells(), *last).await {
                self.announcer.lock().read_all.push((*at, *last));
            }
        }
        settling || !due.is_empty()
    }

    /// Reads what other nodes say of these rooms. With `last`, whoever says nothing of a room has nobody there.
    async fn read_others(&self, cells: &[Arc<RoomCell>], last: bool) -> bool {
        for cells in cells.chunks(BATCH) {
            let known: Vec<HashMap<NodeId, u64>> = cells
                .iter()
                .map(|cell| {
                    cell.live().people().nodes().map(|(node, number)| (node.clone(), number)).collect()
                })
                .collect();
            let rooms: Vec<_> = cells.iter().map(|cell| cell.room().clone()).collect();
            let Ok(found) = self.broker.presence.peers(&rooms).await else { return false };
            for ((cell, mut known), shown) in cells.iter().zip(known).zip(found) {
                let mut live = cell.live();
                for shown in shown {
                    known.remove(&shown.node);
                    live.update_people(|people| people.apply(shown));
                }
                for (node, number) in known.iter().filter(|_| last) {
                    live.update_people(|people| people.node_gone(node, Some(*number)));
                }
            }
        }
        true
    }

    /// Takes the people of dead nodes away; returns the nodes that look dead for the first time.
    async fn remove_dead_nodes(&self, suspects: HashSet<NodeId>) -> HashSet<NodeId> {
        let mut nodes = HashSet::new();
        for cell in self.cells() {
            for (node, _) in cell.live().people().nodes() {
                if !nodes.contains(node) {
                    nodes.insert(node.clone());
                }
            }
        }
        let nodes: Vec<_> = nodes.into_iter().collect();
        let Ok(living) = self.broker.presence.alive(&nodes).await else { return HashSet::new() };
        let dead = nodes.into_iter().zip(living).filter(|(_, lives)| !lives).map(|(node, _)| node);
        let (buried, suspects): (Vec<_>, HashSet<_>) = {
            let (buried, new): (Vec<_>, Vec<_>) = dead.partition(|node| suspects.contains(node));
            (buried, new.into_iter().collect())
        };
        for node in buried {
            let mut rooms = Vec::new();
            for cell in self.cells() {
                let mut live = cell.live();
                let was_there = live.people().nodes().any(|(other, _)| *other == node);
                if was_there {
                    live.update_people(|people| people.node_gone(&node, None));
                    rooms.push(cell.room().clone());
                }
            }
            tracing::info!(?node, rooms = rooms.len(), "another node is gone");
            if let Err(error) = self.broker.presence.remove(&node, &rooms).await {
                tracing::debug!("what a dead node left stays until it expires: {error}");
            }
        }
        suspects
    }
}
