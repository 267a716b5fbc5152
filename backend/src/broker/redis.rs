//! The broker over Redis (7 or later; one server, whatever answers at one address, or the primary that Sentinels name).
//!
//! | file | idea |
//! |---|---|
//! | [`publishing`] | everything that is stored goes through one ordered lane |
//! | [`subscriber`] | the one connection that receives, its supervisor and its probe |
//! | [`reading`], [`records`], [`presence`] | history, small records and presence, over a connection that they share |
//! | [`address`], [`link`], [`failure`] | where Redis is, connections, and what an error says about what was done |
//! | [`keys`], [`payload`], [`stored`] | how things are spelled in keys, on channels and in streams |
//! | [`scripts`] | what runs inside Redis |

mod address;
mod failure;
mod keys;
mod link;
mod payload;
mod presence;
mod publishing;
mod reading;
mod records;
mod scripts;
mod stored;
mod subscriber;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use shared::text::{Position, Room};
use tokio::sync::watch;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

#[cfg(test)]
pub(crate) use self::publishing::DRAFTS as PUBLISHES;
use self::{
    address::{Address, Trust},
    failure::Failure,
    keys::Keys,
    link::Link,
    presence::NodeRosters,
    publishing::{Keeping, Publishing, Sender},
    reading::HistoryReader,
    records::Records,
    subscriber::{Orders, Probe, Subscriber},
};
use super::{
    Audience, Broker, BrokerError, Core, Draft, Health, Key, Kind, Lanes, Presence, RoomIndex, Run, Span,
    State, StateError, Stored, Versioned,
    presence::{Announcement, NodeId, Roster},
};

/// How a node uses Redis.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://[user:password@]host:port[/database]`, or
    /// `redis+sentinel://[user:password@]host:port[,…]/NAME[/database][?sentinel_user=…&sentinel_password=…]`; with
    /// TLS the same with `rediss`.
    pub url: String,
    /// A file of PEM certificates to trust with TLS. Without it the certificates that the system trusts.
    pub ca: Option<PathBuf>,
    /// What every key and channel starts with. No braces: they would change where Redis Cluster puts the keys.
    pub prefix: String,
    /// For a publish from the call to its answer.
    pub publish_deadline: Duration,
    /// Between two probes.
    pub probe_interval: Duration,
    /// Entries that a room keeps, or a few more.
    pub history_max: u64,
    /// How long a room keeps an entry.
    pub history_age: Duration,
    /// How long a room keeps an entry however many come after it, up to [`YOUNG_TIMES`](crate::broker::YOUNG_TIMES)
    /// times [`Self::history_max`]. A room whose record says how many it keeps is not meant.
    pub history_min_age: Duration,
    /// With it, an ack waits for so many replicas: one WAIT for each round trip. If it ends early, the messages are
    /// stored and delivered, but answered with [`BrokerError::Unknown`].
    pub wait_replicas: Option<u32>,
    /// Lanes to the hub.
    pub lanes: usize,
    /// What one lane holds, in bytes.
    pub lane_bytes: usize,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379".to_owned(),
            ca: None,
            prefix: "hubbub:".to_owned(),
            publish_deadline: Duration::from_secs(2),
            probe_interval: Duration::from_secs(2),
            history_max: 10_000,
            history_age: Duration::from_secs(30 * 24 * 3600),
            history_min_age: Duration::ZERO,
            wait_replicas: None,
            lanes: 4,
            lane_bytes: 16 << 20,
        }
    }
}

/// Settings that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// The URL is not that of a Redis. Says what it must be.
    #[error("{0}")]
    Url(String),
    /// The file of certificates cannot be used. Says which it is, and why.
    #[error("{}: {reason}", file.display())]
    Authority {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The prefix has braces.
    #[error("the key prefix must not have braces")]
    Prefix,
}

/// Starts a node's connections. Returns at once, whether Redis is there or not: [`Core::health`] says when it is.
/// Must be called inside a Tokio runtime.
pub fn connect(settings: &RedisSettings) -> Result<Broker, BadSettings> {
    let address = address(settings)?;
    if settings.prefix.contains(['{', '}']) {
        return Err(BadSettings::Prefix);
    }
    let keys = Keys::new(&settings.prefix);
    let link = Arc::<Link>::default();
    let lanes = Arc::new(Lanes::new(settings.lanes, settings.lane_bytes));
    let health = watch::Sender::new(Health::down("connecting to Redis"));
    let (orders, ordered) = Orders::new(keys.clone());
    let publishing = Publishing::new(settings.publish_deadline);
    let sender = Sender {
        address: address.clone(),
        queue: publishing.queue(),
        keys: keys.clone(),
        keeping: Keeping {
            max: settings.history_max,
            age: settings.history_age,
            min_age: settings.history_min_age,
        },
        answer: settings.publish_deadline,
        replicas: settings.wait_replicas,
        health: health.subscribe(),
    };
    let node = format!("{:016x}", fastrand::u64(..));
    let subscriber = Arc::new(Subscriber {
        address,
        link: Arc::clone(&link),
        lanes: Arc::clone(&lanes),
        health,
        probe: Probe::new(&keys, &node, settings.probe_interval, settings.wait_replicas),
        nodes: keys.nodes(),
        node: NodeId::new(&node),
        rooms: Mutex::default(),
    });

    let closing = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(closing.clone().run_until_cancelled_owned(sender.run()));
    tasks.spawn(closing.clone().run_until_cancelled_owned(Arc::clone(&subscriber).run(ordered)));
    let redis = Arc::new(Redis {
        publishing,
        orders,
        subscriber,
        history: HistoryReader { link: Arc::clone(&link), keys: keys.clone(), age: settings.history_age },
        records: Records { link: Arc::clone(&link), keys: keys.clone() },
        rosters: NodeRosters::new(Arc::clone(&link), keys.clone(), NodeId::new(&node)),
        link,
        keys,
        tasks,
        closing: closing.drop_guard(),
    });
    Ok(Broker {
        core: Arc::clone(&redis) as _,
        presence: Arc::clone(&redis) as _,
        rooms: Arc::clone(&redis) as _,
        state: redis,
        lanes,
    })
}

fn address(settings: &RedisSettings) -> Result<Address, BadSettings> {
    let Some(file) = &settings.ca else {
        return Address::parse(&settings.url, &Trust::default()).map_err(BadSettings::Url);
    };
    let bad = |reason| BadSettings::Authority { file: file.clone(), reason };
    let trust = Trust::read(file).map_err(bad)?;
    let address = Address::parse(&settings.url, &trust).map_err(BadSettings::Url)?;
    if !address.is_tls() {
        return Err(bad("it is for addresses that start with rediss:// or rediss+sentinel://".to_owned()));
    }
    Ok(address)
}

/// One node's end. Only delegates.
#[derive(Debug)]
struct Redis {
    publishing: Publishing,
    orders: Orders,
    subscriber: Arc<Subscriber>,
    history: HistoryReader,
    records: Records,
    rosters: NodeRosters,
    link: Arc<Link>,
    keys: Keys,
    tasks: TaskTracker,
    /// Ends the tasks when this is dropped.
    closing: DropGuard,
}

#[async_trait]
impl Core for Redis {
    fn publish(&self, room: &Room, draft: Draft) -> BoxFuture<'static, Result<Stored, BrokerError>> {
        self.publishing.publish(room, draft)
    }

    async fn read(&self, room: &Room, span: Span) -> Result<Run, BrokerError> {
        self.history.read(room, span).await
    }

    async fn heads(&self, rooms: &[Room]) -> Result<Vec<Position>, BrokerError> {
        self.history.heads(rooms).await
    }

    async fn first_kept(&self, room: &Room, positions: &[Position]) -> Result<Option<Position>, BrokerError> {
        self.history.first_kept(room, positions).await
    }

    async fn subscribe(&self, room: &Room) -> Result<(), BrokerError> {
        self.orders.subscribe(room).await
    }

    async fn unsubscribe(&self, room: &Room) -> Result<(), BrokerError> {
        self.orders.unsubscribe(room).await
    }

    async fn broadcast(&self, to: Audience<'_>, what: Bytes) -> Result<(), BrokerError> {
        let channel = match to {
            Audience::Room(room) => self.keys.channel(room),
            Audience::Nodes => self.keys.nodes(),
        };
        let mut publish = ::redis::cmd("PUBLISH");
        publish.arg(channel).arg(&payload::broadcast(&what)[..]);
        let _receivers: u64 = self.link.query(&publish).await.map_err(Failure::unanswered)?;
        Ok(())
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.subscriber.health.subscribe()
    }

    async fn close(&self) {
        self.publishing.finish().await;
        self.closing.token().cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.link.close();
    }
}

#[async_trait]
impl RoomIndex for Redis {
    async fn rooms(&self, cursor: Option<String>) -> Result<(Vec<Room>, Option<String>), BrokerError> {
        self.history.rooms(cursor).await
    }
}

#[async_trait]
impl State for Redis {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        self.records.get(key).await
    }

    async fn put(
        &self,
        key: &Key,
        expect: Option<u64>,
        value: Bytes,
        expires: Option<Duration>,
    ) -> Result<u64, StateError> {
        self.records.put(key, expect, &value, expires).await
    }

    async fn take(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        self.records.take(key).await
    }

    async fn list(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<String>, StateError> {
        self.records.list(kind, after, limit).await
    }
}

#[async_trait]
impl Presence for Redis {
    async fn announce(&self, rooms: &[(Room, Roster)]) -> Result<(), BrokerError> {
        self.rosters.announce(rooms).await
    }

    async fn peers(&self, rooms: &[Room]) -> Result<Vec<Vec<Announcement>>, BrokerError> {
        self.rosters.peers(rooms).await
    }

    async fn alive(&self, nodes: &[NodeId]) -> Result<Vec<bool>, BrokerError> {
        self.rosters.alive(nodes).await
    }

    async fn remove(&self, node: &NodeId, rooms: &[Room]) -> Result<(), BrokerError> {
        self.rosters.remove(node, rooms).await
    }
}
