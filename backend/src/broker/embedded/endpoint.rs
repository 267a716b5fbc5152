//! One node's side of the store: log, bus and state.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use redb::ReadTransaction;
use shared::text::{Position, Room};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use super::{
    Engine, Store, commit, history,
    presence::RosterTable,
    queue::{Command, Put, Refused},
    tables::STATE,
};
use crate::broker::{
    Audience, BrokerError, Core, Draft, Event, Health, Key, Kind, Lanes, RoomIndex, Run, Span, State,
    StateError, Stored, Versioned, presence::NodeId,
};
use crate::clock::now_ms;

/// An endpoint and where it wants to have what comes.
type Taker = (u64, Arc<Lanes>);

/// The endpoints, and which of them took which room.
#[derive(Debug, Default)]
pub(super) struct Registry {
    rooms: RwLock<HashMap<Room, Vec<Taker>>>,
    all: RwLock<Vec<Taker>>,
    pub(super) rosters: RosterTable,
    last: AtomicU64,
}

impl Registry {
    /// Hands an event to everybody who took the room; makes it only if there is somebody.
    pub(super) fn push(&self, room: &Room, event: impl Fn() -> Event) {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        for (_, lanes) in rooms.get(room).into_iter().flatten() {
            lanes.push(event());
        }
    }

    fn subscribe(&self, room: &Room, id: u64, lanes: &Arc<Lanes>) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let takers = rooms.entry(room.clone()).or_default();
        if takers.iter().all(|(taker, _)| *taker != id) {
            takers.push((id, Arc::clone(lanes)));
        }
    }

    fn unsubscribe(&self, room: &Room, id: u64) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(takers) = rooms.get_mut(room) {
            takers.retain(|(taker, _)| *taker != id);
            if takers.is_empty() {
                rooms.remove(room);
            }
        }
    }

    /// Whether the endpoint of this node is there.
    pub(super) fn lives(&self, node: &NodeId) -> bool {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|(id, _)| node_id(*id) == *node)
    }

    /// [`Registry::push`] to everybody but one.
    pub(super) fn push_to_others(&self, room: &Room, but: &NodeId, event: impl Fn() -> Event) {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        for (_, lanes) in rooms.get(room).into_iter().flatten().filter(|(id, _)| node_id(*id) != *but) {
            lanes.push(event());
        }
    }

    fn push_all(&self, event: &Event) {
        for (_, lanes) in &*self.all.read().unwrap_or_else(PoisonError::into_inner) {
            lanes.push(event.clone());
        }
    }

    fn come(&self, id: u64, lanes: &Arc<Lanes>) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).push((id, Arc::clone(lanes)));
    }

    fn leave(&self, id: u64) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != id);
        self.rosters.leave(&node_id(id));
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|_, takers| {
            takers.retain(|(taker, _)| *taker != id);
            !takers.is_empty()
        });
    }
}

fn node_id(id: u64) -> NodeId {
    NodeId::new(&id.to_string())
}

/// How long [`Bus::close`] waits for the last commit.
const CLOSE: Duration = Duration::from_secs(10);

/// See [`Store::join`].
#[derive(Debug)]
pub(super) struct Endpoint {
    store: Arc<Store>,
    id: u64,
    lanes: Arc<Lanes>,
    left: AtomicBool,
}

impl Endpoint {
    pub(super) fn new(store: Arc<Store>, lanes: Arc<Lanes>) -> Self {
        let id = store.engine.registry.last.fetch_add(1, Ordering::Relaxed);
        store.engine.endpoints.fetch_add(1, Ordering::AcqRel);
        store.engine.registry.come(id, &lanes);
        Self { store, id, lanes, left: AtomicBool::new(false) }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.store.engine
    }

    /// This node among all.
    pub(super) fn node(&self) -> NodeId {
        node_id(self.id)
    }

    /// Whether it was the last one.
    fn leave(&self) -> bool {
        if self.left.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.engine().registry.leave(self.id);
        self.engine().endpoints.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Runs a read away from the async threads.
    async fn read_with<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction, &Engine) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, String> {
        let engine = Arc::clone(&self.store.engine);
        let work = async {
            let permit =
                Arc::clone(&engine.readers).acquire_owned().await.map_err(|error| error.to_string())?;
            let done = tokio::task::spawn_blocking(move || {
                // Held until the work is done, also when nobody waits for it any more.
                let _permit = permit;
                engine.disk.begin_read().and_then(|transaction| read(&transaction, &engine))
            });
            done.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        };
        match timeout(self.engine().settings.deadline, work).await {
            Ok(done) => done,
            Err(_) => Err("reading took too long".to_owned()),
        }
    }

    async fn change<T>(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<T, StateError>>,
    ) -> Result<T, StateError> {
        match self.engine().queue.push(command) {
            Ok(()) => {}
            Err(Refused::Overloaded) => {
                return Err(StateError::Unavailable("too many writes wait".to_owned()));
            }
            Err(Refused::Closed) => return Err(StateError::Unavailable("the store is closed".to_owned())),
        }
        match timeout(self.engine().settings.deadline, answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) | Err(_) => Err(StateError::Unknown),
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.leave();
    }
}

#[async_trait]
impl Core for Endpoint {
    fn publish(&self, room: &Room, draft: Draft) -> BoxFuture<'static, Result<Stored, BrokerError>> {
        let (answer, answered) = oneshot::channel();
        let queued = self.engine().queue.push(Command::Publish { room: room.clone(), draft, answer });
        let deadline = self.engine().settings.deadline;
        async move {
            match queued {
                Ok(()) => {}
                Err(Refused::Overloaded) => return Err(BrokerError::Overloaded),
                Err(Refused::Closed) => {
                    return Err(BrokerError::Unavailable("the store is closed".to_owned()));
                }
            }
            match timeout(deadline, answered).await {
                Ok(Ok(done)) => done,
                Ok(Err(_)) | Err(_) => Err(BrokerError::Unknown),
            }
        }
        .boxed()
    }

    async fn read(&self, room: &Room, span: Span) -> Result<Run, BrokerError> {
        let room = room.clone();
        self.read_with(move |transaction, engine| {
            history::read(transaction, &room, &span, engine.settings.history_max)
        })
        .await
        .map_err(BrokerError::Unavailable)
    }

    async fn heads(&self, rooms: &[Room]) -> Result<Vec<Position>, BrokerError> {
        let rooms = rooms.to_vec();
        self.read_with(move |transaction, _| history::heads(transaction, &rooms))
            .await
            .map_err(BrokerError::Unavailable)
    }

    async fn first_kept(&self, room: &Room, positions: &[Position]) -> Result<Option<Position>, BrokerError> {
        let (room, positions) = (room.clone(), positions.to_vec());
        self.read_with(move |transaction, engine| {
            history::first_kept(transaction, &room, &positions, engine.settings.history_max)
        })
        .await
        .map_err(BrokerError::Unavailable)
    }

    async fn subscribe(&self, room: &Room) -> Result<(), BrokerError> {
        if self.left.load(Ordering::Acquire) {
            return Err(BrokerError::Unavailable("the store is closed".to_owned()));
        }
        self.engine().registry.subscribe(room, self.id, &self.lanes);
        Ok(())
    }

    async fn unsubscribe(&self, room: &Room) -> Result<(), BrokerError> {
        self.engine().registry.unsubscribe(room, self.id);
        Ok(())
    }

    async fn broadcast(&self, to: Audience<'_>, what: Bytes) -> Result<(), BrokerError> {
        let registry = &self.engine().registry;
        match to {
            Audience::Room(room) => registry.push(room, || Event::Broadcast(room.clone(), what.clone())),
            Audience::Nodes => registry.push_all(&Event::NodeBroadcast(what)),
        }
        Ok(())
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.engine().health.subscribe()
    }

    async fn close(&self) {
        if !self.leave() {
            return;
        }
        let store = Arc::clone(&self.store);
        let closed = tokio::task::spawn_blocking(move || store.close());
        match timeout(CLOSE, closed).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "closing the store"),
            Err(_) => tracing::error!("the store did not close in time"),
        }
    }
}

#[async_trait]
impl RoomIndex for Endpoint {
    async fn rooms(&self, cursor: Option<String>) -> Result<(Vec<Room>, Option<String>), BrokerError> {
        self.read_with(move |transaction, _| history::rooms(transaction, cursor.as_deref()))
            .await
            .map_err(BrokerError::Unavailable)
    }
}

#[async_trait]
impl State for Endpoint {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        let key = key.clone();
        let record = self.read_with(move |transaction, _| {
            let row = transaction.open_table(STATE)?.get((key.kind().as_str(), key.name()))?;
            Ok(row.and_then(|row| {
                let (version, end, value) = row.value();
                let value = Bytes::copy_from_slice(value);
                commit::live(end, now_ms()).then_some(Versioned { version, value })
            }))
        });
        record.await.map_err(StateError::Unavailable)
    }

    async fn put(
        &self,
        key: &Key,
        expect: Option<u64>,
        value: Bytes,
        expires: Option<Duration>,
    ) -> Result<u64, StateError> {
        let (answer, answered) = oneshot::channel();
        let put = Put { key: key.clone(), expect, value, expires };
        self.change(Command::Put(put, answer), answered).await
    }

    async fn take(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        let (answer, answered) = oneshot::channel();
        self.change(Command::Take { key: key.clone(), answer }, answered).await
    }

    async fn list(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<String>, StateError> {
        let after = after.map(str::to_owned);
        let keys = self.read_with(move |transaction, _| {
            commit::list(&transaction.open_table(STATE)?, (kind, after.as_deref(), limit), now_ms())
        });
        keys.await.map_err(StateError::Unavailable)
    }
}
