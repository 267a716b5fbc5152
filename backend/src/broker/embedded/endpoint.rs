//! One node's side of the store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
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
    engine::Engine,
    history,
    queue::{Command, Refused},
    registry::node_id,
    store::Store,
};
use crate::broker::{
    Audience, Broker, BrokerError, Core, Draft, Event, Health, Lanes, RoomIndex, Run, Span, Stored,
    presence::NodeId,
};

impl Store {
    /// Another node on this store: its own lanes, its own subscriptions.
    /// The store closes when the last node that joined closes its core, or when nobody holds it any more.
    pub fn join(self: &Arc<Self>) -> Broker {
        let lanes = Arc::new(Lanes::new(self.engine.settings.lanes, self.engine.settings.lane_bytes));
        let endpoint = Arc::new(Endpoint::new(Arc::clone(self), Arc::clone(&lanes)));
        Broker {
            core: endpoint.clone(),
            presence: endpoint.clone(),
            rooms: endpoint.clone(),
            state: endpoint,
            lanes,
        }
    }
}

/// How long [`Core::close`] waits for the last commit.
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
        let id = store.engine.registry.next_id();
        store.engine.endpoints.fetch_add(1, Ordering::AcqRel);
        store.engine.registry.add(id, &lanes);
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
        self.engine().registry.remove(self.id);
        self.engine().endpoints.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Runs a read away from the async threads.
    pub(super) async fn read_with<T: Send + 'static>(
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
        self.read_with(move |transaction, engine| history::read(transaction, &room, &span, &engine.settings))
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
            history::first_kept(transaction, &room, &positions, &engine.settings)
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
