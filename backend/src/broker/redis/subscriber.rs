//! The subscriber: the one connection that receives, and its supervisor.
//!
//! The supervisor opens the connection, subscribes to every room again, waits for a probe to come back, and only then
//! reports the broker ready.
//! Whatever ends a connection (Redis gone, cut, deaf, demoted; an answer that is missing) ends at the same place: not
//! ready, with the reason, and a new connection after a short pause, for ever.

mod obey;
mod order;
mod probe;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::aio::{PubSubSink, PubSubStream};
use bytes::Bytes;
use futures_util::StreamExt;
use shared::text::Room;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use self::{order::Order, probe::Setup};
pub(super) use self::{order::Orders, probe::Probe};
use super::{
    address::{Address, Server},
    failure::Failure,
    link::{Backoff, Link},
    payload::{self, Payload},
};
use crate::broker::{Event, Health, Lanes, presence::NodeId};

/// Channels in one SUBSCRIBE.
const CHUNK: usize = 500;

/// For the confirmations of one chunk.
const CONFIRMED: Duration = Duration::from_secs(2);

/// The supervisor. It has no end.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) address: Address,
    pub(super) link: Arc<Link>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) health: watch::Sender<Health>,
    pub(super) probe: Probe,
    /// The channel of all nodes.
    pub(super) nodes: String,
    /// This node.
    pub(super) node: NodeId,
    /// The subscribed rooms by channel. They are subscribed to again after the next connect.
    pub(super) rooms: Mutex<HashMap<String, Room>>,
}

impl Subscriber {
    /// Keeps the connection up until the node closes.
    pub(super) async fn run(self: Arc<Self>, mut orders: mpsc::Receiver<Order>) {
        let mut backoff = Backoff::default();
        loop {
            let failure = self.connection(&mut orders, &mut backoff).await;
            self.link.close();
            self.down(&failure.to_string());
            tokio::select! {
                () = backoff.pause() => {}
                () = order::refuse(&mut orders) => return,
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn connection(&self, orders: &mut mpsc::Receiver<Order>, backoff: &mut Backoff) -> Failure {
        let opened = tokio::select! {
            opened = self.open() => opened,
            () = order::refuse(orders) => return closing(),
        };
        let (server, mut sink, stream) = match opened {
            Ok(opened) => opened,
            Err(failure) => return failure,
        };
        // Reading goes on beside everything else: what is in front of a confirmation must not keep it back.
        let serving = async {
            let raised = tokio::select! {
                raised = self.raise(&mut sink) => raised,
                () = order::refuse(orders) => return closing(),
            };
            let setup = match raised {
                Ok(setup) => setup,
                Err(failure) => return failure,
            };
            backoff.reset();
            tokio::select! {
                failure = self.probe.keep(&self.link, &self.health, setup, || self.address.confirm(&server)) => failure,
                failure = self.address.replaced(&server) => failure,
                failure = self.obey(&mut sink, orders) => failure,
                () = self.link.broken() => Failure::Broken("the connection to Redis broke".to_owned()),
            }
        };
        tokio::select! {
            failure = self.read(stream) => failure,
            failure = serving => failure,
        }
    }

    /// Both connections, to the same server.
    async fn open(&self) -> Result<(Server, PubSubSink, PubSubStream), Failure> {
        let server = self.address.find().await?;
        self.link.open(&server).await?;
        let (sink, stream) = server.subscriptions().await?.split();
        Ok((server, sink, stream))
    }

    /// Subscribes to all rooms again, and reports the broker ready when a probe has come back.
    async fn raise(&self, sink: &mut PubSubSink) -> Result<Setup, Failure> {
        confirmed(sink.subscribe(&[self.probe.channel(), &self.nodes])).await?;
        let channels: Vec<_> = self.rooms().keys().cloned().collect();
        for chunk in channels.chunks(CHUNK) {
            confirmed(sink.subscribe(chunk)).await?;
        }
        let setup = self.probe.look(&self.link).await?;
        let (round_trip, _) = self.probe.send(&self.link).await?;
        let generation = self.health.borrow().generation + 1;
        probe::report(&self.health, round_trip, &setup, generation);
        tracing::info!(generation, rooms = channels.len(), "the broker is up");
        if let Some(reason) = &setup.forbidden {
            tracing::warn!(%reason, "the broker must not be used");
        }
        Ok(setup)
    }

    /// Hands over what arrives. Never waits for anything but the connection.
    async fn read(&self, mut stream: PubSubStream) -> Failure {
        while let Some(message) = stream.next().await {
            let payload = payload::parse(&Bytes::copy_from_slice(message.get_payload_bytes()));
            let channel = message.get_channel_name();
            if channel == self.probe.channel() {
                if let Payload::Probe(number) = payload {
                    self.probe.came_back(number);
                }
                continue;
            }
            if channel == self.nodes {
                match payload {
                    Payload::Broadcast(what) => self.lanes.push(Event::NodeBroadcast(what)),
                    Payload::Damaged => self.lanes.push(Event::NodesGapped),
                    Payload::Entries(_) | Payload::Presence(_) | Payload::Probe(_) | Payload::Unknown => {}
                }
                continue;
            }
            let Some(room) = self.rooms().get(channel).cloned() else { continue };
            match payload {
                Payload::Entries(entries) => self.lanes.push(Event::Entries(room, entries)),
                Payload::Broadcast(what) => self.lanes.push(Event::Broadcast(room, what)),
                Payload::Presence(announcement) if announcement.node != self.node => {
                    self.lanes.push(Event::Presence(room, announcement));
                }
                Payload::Damaged => self.lanes.push(Event::Gapped(room)),
                Payload::Presence(_) | Payload::Probe(_) | Payload::Unknown => {}
            }
        }
        Failure::Broken("Redis closed the subscriber connection".to_owned())
    }

    fn down(&self, reason: &str) {
        self.health.send_modify(|health| {
            if health.ready || health.reason.as_deref() != Some(reason) {
                tracing::warn!(reason, "the broker is down");
            }
            health.ready = false;
            health.reason = Some(reason.to_owned());
        });
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<String, Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn confirmed(confirming: impl Future<Output = ::redis::RedisResult<()>>) -> Result<(), Failure> {
    timeout(CONFIRMED, confirming).await.map_err(|_| Failure::Timeout)?.map_err(Failure::from)
}

fn closing() -> Failure {
    Failure::Down("the node is closing".to_owned())
}
