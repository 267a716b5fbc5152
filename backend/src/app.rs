//! The composition root: the only place that names a concrete broker.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use shared::close::CloseReason;
use tokio::net::TcpListener;

use crate::{
    broker::{Broker, Health, embedded, redis},
    config::{self, Config},
    http::{self, Http, assets, client::Trust, origin::Origins},
    hub::{Hub, HubSettings, drain},
    identity::{Identity, fresh_id},
    limits::Addresses,
    metrics::Metrics,
    session::{self, SessionSettings},
    shutdown::Tasks,
};

/// For the first answer of the broker.
const SETTLE: Duration = Duration::from_secs(1);

/// What keeps a node from starting. Each says in one sentence which setting is wrong and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address} (--host, --port): {source}; choose a free port and an address of this machine"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The history file cannot be used.
    #[error("cannot use the history file (--data): {0}")]
    Open(#[from] embedded::OpenError),
    /// The address of Redis cannot be used.
    #[error("cannot use the address of Redis (--redis-url): {0}")]
    Redis(redis::BadSettings),
    /// The certificates to believe cannot be used.
    #[error("cannot use the certificates for Redis (--redis-ca): {0}")]
    Authority(redis::BadSettings),
}

impl From<redis::BadSettings> for StartError {
    fn from(bad: redis::BadSettings) -> Self {
        match bad {
            redis::BadSettings::Authority { .. } => Self::Authority(bad),
            redis::BadSettings::Url(_) | redis::BadSettings::Prefix => Self::Redis(bad),
        }
    }
}

/// A running node.
#[derive(Debug)]
pub struct App {
    http: Http,
    address: SocketAddr,
    drain: Duration,
    server: Tasks,
}

impl App {
    /// Starts a node: when this returns, it is listening.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let address = SocketAddr::new(config.server.host, config.server.port);
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let broker = connect(&config.broker)?;
        Ok(Self::run(config, listener, address, broker))
    }

    /// Starts a node on a listener and a broker.
    pub fn run(config: &Config, listener: TcpListener, address: SocketAddr, broker: Broker) -> Self {
        let (tasks, server) = (Tasks::default(), Tasks::default());
        let metrics = Arc::new(Metrics::default());
        let identity = Identity::new(broker.state.clone(), config.server.secret.as_ref());
        tasks.spawn(watch_health(broker.clone(), identity.clone()));
        let ring_bytes = usize::try_from(config.broker.ring_mib).unwrap_or_default() << 20;
        let hub_settings = HubSettings { linger: config.times.linger, ring_bytes };
        let hub = Hub::start(broker, tasks.clone(), metrics.clone(), hub_settings);
        let limits = &config.limits;
        let addresses = Addresses::new(
            limits.sessions_per_address,
            limits.new_room_burst,
            Duration::from_secs(limits.new_room_seconds.into()),
        );
        let sessions = Arc::new(session::Shared {
            hub,
            identity,
            metrics,
            settings: session_settings(config),
            addresses,
            node: fresh_id("n").to_string(),
        });
        let http = Http {
            sessions,
            origins: Arc::new(Origins {
                listed: config.server.origins.clone(),
                public_url: config.server.public_url.clone(),
                bind: Some(config.server.host),
            }),
            trust: Arc::new(Trust::new(config.server.trusted_proxies.clone())),
            classic: config.server.classic,
            tasks,
            leaving: Arc::new(AtomicBool::new(false)),
        };
        if !assets::built() {
            tracing::warn!("this binary has no page in it: `cargo xtask build` makes one that has");
        }
        let router = http::router(http.clone());
        let accept = http::serve::serve(listener, router, config.times.hello_timeout, server.clone());
        server.spawn(accept);
        tracing::info!("listening on http://{address}");
        Self { http, address, drain: config.times.drain_timeout, server }
    }

    /// Where the node listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The rooms and sessions of the node.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.http.sessions.hub
    }

    /// Leaves politely: not ready at once, no new upgrades, sessions told to move and closed one after the other,
    /// the broker flushed. Returns within the drain timeout, true if everybody had left by then.
    pub async fn leave(self) -> bool {
        self.http.leaving.store(true, Ordering::Release);
        let sessions = self.http.sessions.hub.sessions();
        tracing::info!("leaving: {} sessions are asked to move", sessions.count());
        let deadline = tokio::time::Instant::now() + self.drain;
        let left = tokio::time::timeout(self.drain, drain::drain(sessions, self.drain)).await.is_ok();
        for seat in sessions.all() {
            seat.outbox.end(CloseReason::Restart);
        }
        let rest =
            deadline.saturating_duration_since(tokio::time::Instant::now()).max(Duration::from_millis(500));
        let broker = self.http.sessions.hub.broker().clone();
        self.http.tasks.stop();
        let ended = self.http.tasks.wait(rest).await;
        self.server.stop();
        self.http.sessions.hub.withdraw_presence().await;
        let flushed = tokio::time::timeout(rest, broker.core.close()).await.is_ok();
        left && ended && flushed
    }
}

/// The broker that the settings name.
pub fn connect(settings: &config::Broker) -> Result<Broker, StartError> {
    let age = Duration::from_secs(u64::from(settings.history_days) * 24 * 3600);
    match &settings.redis_url {
        Some(url) => {
            let settings = redis::RedisSettings {
                url: url.clone(),
                ca: settings.redis_ca.clone(),
                prefix: settings.redis_prefix.clone(),
                history_max: settings.history_messages.into(),
                history_age: age,
                wait_replicas: (settings.redis_wait_replicas > 0).then_some(settings.redis_wait_replicas),
                ..redis::RedisSettings::default()
            };
            Ok(redis::connect(&settings)?)
        }
        None => Ok(open(&settings.data, settings.history_messages, age)?.join()),
    }
}

fn open(data: &Path, messages: u32, age: Duration) -> Result<Arc<embedded::Store>, embedded::OpenError> {
    embedded::Store::open(embedded::EmbeddedSettings {
        path: Some(data.to_owned()),
        history_max: messages.into(),
        history_age: age,
        ..embedded::EmbeddedSettings::default()
    })
}

/// Says in the log what the readiness answer says, and keeps one secret in use after the broker lost its state.
async fn watch_health(broker: Broker, identity: Identity) {
    let mut watch = broker.core.health();
    // A broker that is there answers at once; only one that is not is worth a line.
    let settled = tokio::time::timeout(SETTLE, watch.wait_for(|health| health.ready)).await.is_ok();
    let mut before = Health { ready: !settled, ..Health::down("starting") };
    loop {
        let now = watch.borrow_and_update().clone();
        if now.ready != before.ready {
            if now.ready {
                tracing::info!("ready; an ack means: {}", now.durability);
            } else {
                tracing::warn!(
                    "not ready: {}",
                    now.reason.as_deref().unwrap_or("the broker does not answer")
                );
            }
        }
        if now.generation != before.generation
            && let Err(error) = identity.reconcile().await
        {
            tracing::warn!("could not compare the secret with the broker's: {error}");
        }
        before = now;
        if watch.changed().await.is_err() {
            return;
        }
    }
}

fn session_settings(config: &Config) -> SessionSettings {
    let (limits, times) = (&config.limits, &config.times);
    SessionSettings {
        rooms: limits.rooms_per_session as usize,
        command_burst: limits.command_burst,
        command_rate: limits.command_rate,
        outbox_bytes: limits.outbox_kib as usize * 1024,
        hello_timeout: times.hello_timeout,
        ping_interval: times.ping_interval,
        pong_timeout: times.pong_timeout,
        write_timeout: times.write_timeout,
    }
}
