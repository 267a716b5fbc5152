//! Announces this node's people to the other nodes, and takes over what they announce.
//!
//! Nobody who joins, leaves or sends waits for it. Rooms in which something changed are gathered for a moment and
//! announced together, so a thousand pages that come back at once are a few round trips. Each announcement says
//! everything about a room, so a lost one is made good by the next; after an interruption all rooms are announced and
//! read again.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use shared::text::Room;
use tokio::time::timeout;

use super::{
    Hub,
    announcer::{LARGE, ReadAll},
    live::Live,
    repair::Pause,
    room::RoomCell,
};
use crate::broker::presence::{Announcement, NodeId, Roster};

/// For how long changes are gathered.
const GATHER: Duration = Duration::from_millis(50);

/// Rooms announced, or asked about, at a time.
const BATCH: usize = 256;

/// How long a first member waits for the other nodes' people. After that they come as events.
const FIRST_ANSWER: Duration = Duration::from_millis(300);

/// How often the node asks which other nodes are alive. One that is found dead twice in a row is gone.
const LOOK: Duration = Duration::from_secs(2);

/// How long other nodes have after an interruption to announce their people again.
const SETTLE: Duration = Duration::from_secs(10);

/// When an announcement is repeated, long before it expires.
const REFRESH: Duration = Duration::from_secs(2 * 3600);

/// For the last announcement of a node that leaves.
const FAREWELL: Duration = Duration::from_secs(1);

impl Hub {
    /// If the people of a room changed on this node, the other nodes are told soon.
    pub(super) fn announce_if_changed(&self, cell: &RoomCell, live: &mut Live) {
        if live.take_changed() {
            self.announcer.changed([cell.room().clone()]);
        }
    }

    /// What the other nodes announce of a room that is being opened.
    pub(super) async fn fetch_peers(&self, room: &Room) -> Vec<Announcement> {
        let found = timeout(FIRST_ANSWER, self.broker.presence.peers(std::slice::from_ref(room))).await;
        found.ok().and_then(Result::ok).and_then(|mut found| found.pop()).unwrap_or_else(|| {
            self.announcer.read_again(room);
            Vec::new()
        })
    }

    /// The broker connection was interrupted: announcements may have been lost, both ways.
    pub(super) fn announce_all_rooms(&self) {
        let has_people = |cell: &&Arc<RoomCell>| cell.live().people().roster().count > 0;
        self.announcer.changed(self.cells().iter().filter(has_people).map(|cell| cell.room().clone()));
        let now = Instant::now();
        self.announcer.read_everything_at(vec![
            ReadAll { at: now, last: false },
            ReadAll { at: now + SETTLE, last: true },
        ]);
    }

    /// The node leaves: announces that nobody is here any more.
    pub async fn withdraw_presence(&self) {
        let rooms: Vec<_> =
            self.announcer.take_announced().into_iter().map(|room| (room, Roster::default())).collect();
        // If it fails, the other nodes find out by themselves, later.
        let _late = timeout(FAREWELL, self.broker.presence.announce(&rooms)).await;
    }

    /// Announces what changed, until shutdown.
    pub(super) async fn publish_presence(&self) {
        loop {
            // What was put off becomes due without a notification.
            let _due = timeout(LARGE, self.announcer.due.notified()).await;
            tokio::time::sleep(GATHER).await;
            let mut pause = Pause::default();
            loop {
                let rooms = self.announcer.take_changed(BATCH);
                if rooms.is_empty() {
                    break;
                }
                let rosters = rooms.into_iter().map(|room| {
                    let roster = self.find(&room).map(|cell| cell.live().people().roster());
                    (room, roster.unwrap_or_default())
                });
                let mut rosters: Vec<_> = rosters.collect();
                rosters.retain(|(room, roster)| roster.count > 0 || self.announcer.has_announced(room));
                match self.broker.presence.announce(&rosters).await {
                    Ok(()) => self.announcer.announced(rosters),
                    Err(error) => {
                        tracing::debug!("the other nodes cannot be told yet who is here: {error}");
                        self.announcer.changed(rosters.into_iter().map(|(room, _)| room));
                        pause.wait().await;
                    }
                }
            }
        }
    }

    /// Reads announcements that may have been missed, and removes those of dead nodes, until shutdown.
    pub(super) async fn watch_nodes(&self) {
        let mut suspects = HashSet::new();
        loop {
            let _early = timeout(LOOK, self.announcer.look.notified()).await;
            self.announcer.changed(self.announcer.older_than(REFRESH));
            if self.read_due_rooms().await {
                // Leases may have ended while Redis was away.
                suspects.clear();
            } else {
                suspects = self.remove_dead_nodes(suspects).await;
            }
        }
    }

    /// True if it is too early to tell which nodes are dead.
    async fn read_due_rooms(&self) -> bool {
        let due = self.announcer.take_due();
        let cells: Vec<_> = due.unread.iter().filter_map(|room| self.find(room)).collect();
        if !self.read_peers(&cells, true).await {
            self.announcer.read_all_again(due.unread);
        }
        for time in &due.all {
            if !self.read_peers(&self.cells(), time.last).await {
                self.announcer.still_due(*time);
            }
        }
        due.settling || !due.all.is_empty()
    }

    /// Reads what other nodes announce of these rooms. With `last`, a node that announces nothing has nobody there.
    async fn read_peers(&self, cells: &[Arc<RoomCell>], last: bool) -> bool {
        for cells in cells.chunks(BATCH) {
            let known: Vec<HashMap<NodeId, u64>> = cells
                .iter()
                .map(|cell| {
                    cell.live().people().nodes().map(|(node, number)| (node.clone(), number)).collect()
                })
                .collect();
            let rooms: Vec<_> = cells.iter().map(|cell| cell.room().clone()).collect();
            let Ok(found) = self.broker.presence.peers(&rooms).await else { return false };
            for ((cell, mut known), announcements) in cells.iter().zip(known).zip(found) {
                let mut live = cell.live();
                for announcement in announcements {
                    known.remove(&announcement.node);
                    live.update_people(|people| people.apply(announcement));
                }
                for (node, number) in known.iter().filter(|_| last) {
                    live.update_people(|people| people.node_gone(node, Some(*number)));
                }
            }
        }
        true
    }

    /// Removes the people of dead nodes; returns the nodes that look dead for the first time.
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
        let Ok(alive) = self.broker.presence.alive(&nodes).await else { return HashSet::new() };
        let dead = nodes.into_iter().zip(alive).filter(|(_, alive)| !alive).map(|(node, _)| node);
        let (gone, new): (Vec<_>, Vec<_>) = dead.partition(|node| suspects.contains(node));
        for node in gone {
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
                tracing::debug!("what a dead node announced stays until it expires: {error}");
            }
        }
        new.into_iter().collect()
    }
}
