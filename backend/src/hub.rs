//! The rooms and sessions of one node.
//!
//! A hub delivers, even to the sender, only what comes back from the broker: so all nodes show one order.
//! It never sees a socket: a session is an id and an outbox.
//!
//! In reading order: [`encoded`] (an entry and its two frames), [`ring`] (the recent entries of a room),
//! [`live`] (one room's members and its place in the chain, pure), [`room`] (the room with its gate),
//! [`join`], [`repair`] (and [`pace`], when it delivers), [`sessions`], [`people`] (who was forgotten or has a new name),
//! [`announcer`] and [`presence`] (who is in a room on which node).

pub mod announcer;
pub mod drain;
pub mod encoded;
pub mod join;
pub mod live;
pub mod pace;
pub mod people;
pub mod presence;
pub mod repair;
pub mod ring;
pub mod room;
pub mod sessions;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::{
    event::{Event, Status},
    text::{Position, Room},
};
use tokio::sync::Semaphore;

use self::{
    announcer::Announcer, encoded::EncodedEntry, live::Outcome, pace::Pace, ring::Budget, room::RoomCell,
    sessions::Sessions,
};
use crate::{
    broker::{self, Broker, Lane, StoredEntry},
    identity::forgotten::Forgotten,
    metrics::Metrics,
    shutdown::Tasks,
};

/// Rooms are looked up under one of this many locks.
const SHARDS: usize = 16;

/// How many rooms may read a hole from the history at once.
const REPAIRS: usize = 32;

/// What a hub is told when it is made.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// How long a room without members stays with this node.
    pub linger: Duration,
    /// Bytes of recent entries kept over all rooms.
    pub ring_bytes: usize,
    /// The forgotten people that this node heard of.
    pub forgotten: Forgotten,
}

/// The hub. Shared by all sessions of a node.
#[derive(Debug)]
pub struct Hub {
    broker: Broker,
    tasks: Tasks,
    metrics: Arc<Metrics>,
    settings: HubSettings,
    shards: Vec<Mutex<HashMap<Room, Arc<RoomCell>>>>,
    hasher: RandomState,
    budget: Budget,
    repairs: Semaphore,
    pace: Pace,
    sessions: Sessions,
    announcer: Announcer,
}

impl Hub {
    /// A hub on a broker; starts the tasks that deliver and that watch the broker.
    pub fn start(broker: Broker, tasks: Tasks, metrics: Arc<Metrics>, settings: HubSettings) -> Arc<Self> {
        let hub = Arc::new(Self {
            budget: Budget::new(settings.ring_bytes),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            repairs: Semaphore::new(REPAIRS),
            pace: Pace::default(),
            sessions: Sessions::default(),
            announcer: Announcer::default(),
            broker,
            tasks,
            metrics,
            settings,
        });
        for lane in 0..hub.broker.lanes.iter().count() {
            let hub = hub.clone();
            hub.tasks.clone().spawn(async move { hub.deliver_lane(lane).await });
        }
        let (teller, listener) = (hub.clone(), hub.clone());
        hub.tasks.spawn(async move { teller.publish_presence().await });
        hub.tasks.spawn(async move { listener.watch_nodes().await });
        let watcher = hub.clone();
        hub.tasks.spawn(async move { watcher.watch_broker().await });
        hub
    }

    /// All sessions of the node.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The entry at a position of a room, if it is among the recent ones of this node.
    pub fn recent(&self, room: &Room, position: &Position) -> Option<Arc<EncodedEntry>> {
        self.find(room)?.live().ring().get(position)
    }

    /// How many rooms this node serves.
    pub fn rooms(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Bytes of recent entries held for returning clients.
    pub fn ring_bytes(&self) -> usize {
        self.budget.used()
    }

    async fn deliver_lane(self: Arc<Self>, number: usize) {
        let lanes = self.broker.lanes.clone();
        let Some(lane): Option<&Lane> = lanes.iter().nth(number) else { return };
        loop {
            match lane.next().await {
                broker::Event::Entries(room, entries) => self.deliver(&room, entries),
                // Nothing is told to a room yet; a newer node may do so.
                broker::Event::Broadcast(..) => {}
                broker::Event::Presence(room, shown) => {
                    if let Some(cell) = self.find(&room) {
                        cell.live().update_people(|people| people.apply(shown));
                    }
                }
                broker::Event::Gapped(room) => {
                    self.announcer.read_again(&room);
                    if let Some(cell) = self.find(&room) {
                        self.metrics.lane_gaps.inc();
                        self.repair(&cell);
                    }
                }
                broker::Event::NodeBroadcast(what) => self.on_node_broadcast(&what),
                broker::Event::NodesGapped => {
                    let hub = self.clone();
                    self.tasks.spawn(async move { hub.look_people_up().await });
                }
            }
        }
    }

    fn deliver(self: &Arc<Self>, room: &Room, entries: Vec<StoredEntry>) {
        let Some(cell) = self.find(room) else { return };
        let outcome = cell.live().receive(entries, &self.budget, &self.metrics);
        match outcome {
            Outcome::Done => {}
            Outcome::Hole => self.repair(&cell),
        }
        if self.budget.exceeded() {
            self.shrink_rings();
        }
    }

    /// Least recently used rooms give way until a tenth of the budget is free.
    fn shrink_rings(&self) {
        let mut cells = self.cells();
        cells.sort_by_cached_key(|cell| cell.live().ring().touched());
        for cell in cells {
            if !self.budget.pressing() {
                break;
            }
            cell.live().clear_ring(&self.budget);
        }
    }

    /// Follows the broker's health: tells the sessions, and compares all rooms after each interruption.
    async fn watch_broker(self: Arc<Self>) {
        let mut health = self.broker.core.health();
        let (mut ready, mut generation) = {
            let health = health.borrow_and_update();
            (health.ready, health.generation)
        };
        while health.changed().await.is_ok() {
            let now = health.borrow_and_update().clone();
            if now.ready != ready {
                ready = now.ready;
                self.sessions.tell_all(&Event::Status(Status { ready }));
            }
            if now.generation != generation {
                generation = now.generation;
                self.metrics.generations.inc();
                self.announce_all_rooms();
                self.catch_up().await;
                self.look_people_up().await;
            }
        }
    }

    fn find(&self, room: &Room) -> Option<Arc<RoomCell>> {
        lock(self.shard(room)).get(room).cloned()
    }

    fn find_or_insert(&self, room: &Room) -> Arc<RoomCell> {
        lock(self.shard(room))
            .entry(room.clone())
            .or_insert_with(|| Arc::new(RoomCell::new(room.clone())))
            .clone()
    }

    /// Forgets a room. Only the holder of its gate may do so, after marking it gone.
    fn remove(&self, cell: &RoomCell) {
        lock(self.shard(cell.room())).remove(cell.room());
        cell.live().clear_ring(&self.budget);
    }

    fn cells(&self) -> Vec<Arc<RoomCell>> {
        self.shards.iter().flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>()).collect()
    }

    fn shard(&self, room: &Room) -> &Mutex<HashMap<Room, Arc<RoomCell>>> {
        let hash = self.hasher.hash_one(room);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
