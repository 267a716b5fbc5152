//! The composition root: what is wired to what. Only here and in the tools is a concrete broker named.

mod broker;
mod health;
mod listen;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub use self::broker::{StartError, connect};
use shared::close::CloseReason;
use tokio::net::TcpListener;

use crate::{
    broker::Broker,
    config::Config,
    http::{self, Http, assets, client::Trust, origin::Origins, serve::Door},
    hub::{Hub, HubSettings, drain},
    identity::{Identity, forgotten::Forgotten, fresh_id},
    limits::{Addresses, Connections, Sends},
    metrics::Metrics,
    session::{self, SessionSettings},
    shutdown::Tasks,
};

/// A running node.
#[derive(Debug)]
pub struct App {
    http: Http,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    door: Door,
    drain: Duration,
    server: Tasks,
}

impl App {
    /// Starts a node: when this returns, it is listening.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let mut config = config.clone();
        config.server.secret = config.server.secret()?;
        let (listener, address) = listen::for_everybody(&config.server).await?;
        let admin = listen::for_operators(&config.server, address.port()).await?;
        let broker = connect(&config.broker)?;
        let mut app = Self::run(&config, listener, address, broker);
        if let Some((listener, address)) = admin {
            app.serve_operators(listener, address);
        }
        Ok(app)
    }

    /// Starts a node on a listener and a broker. The secret, if there is one, is the one in the settings themselves.
    pub fn run(config: &Config, listener: TcpListener, address: SocketAddr, broker: Broker) -> Self {
        let (tasks, server) = (Tasks::default(), Tasks::default());
        let metrics = Arc::new(Metrics::default());
        let forgotten = Forgotten::default();
        let identity = Identity::new(broker.state.clone(), config.server.secret.as_ref(), forgotten.clone());
        tasks.spawn(health::watch_health(broker.clone(), identity.clone()));
        let ring_bytes = usize::try_from(config.broker.ring_mib).unwrap_or_default() << 20;
        let hub_settings = HubSettings { linger: config.times.linger, ring_bytes, forgotten };
        let hub = Hub::start(broker.clone(), tasks.clone(), metrics.clone(), hub_settings);
        let addresses = Addresses::new(config.limits.address());
        let sessions = Arc::new(session::NodeContext {
            hub,
            broker,
            identity,
            metrics,
            settings: session_settings(config),
            addresses,
            sends: Sends::new(config.limits.sends()),
            node: fresh_id("n").to_string(),
        });
        let http = Http {
            sessions,
            origins: Arc::new(Origins {
                listed: config.server.origins.clone(),
                public_url: config.server.public_url.clone(),
                bind: Some(config.server.host),
            }),
            refused: Arc::default(),
            trust: Arc::new(Trust::new(config.server.trusted_proxies.clone())),
            classic: config.server.classic,
            tasks,
            leaving: Arc::new(AtomicBool::new(false)),
        };
        if !assets::built() {
            tracing::warn!("this binary has no page in it: `cargo xtask build` makes one that has");
        }
        let door = Door {
            connections: Connections::new(listen::connections(&config.limits)),
            trust: http.trust.clone(),
            header_timeout: config.times.hello_timeout,
            write_timeout: config.times.write_timeout,
        };
        let router = http::router(http.clone());
        server.spawn(http::serve::serve(listener, router, door.clone(), server.clone()));
        tracing::info!("listening on http://{address}");
        Self { http, address, admin: None, door, drain: config.times.drain_timeout, server }
    }

    /// Serves operators on a listener of their own: metrics, and why the node is or is not ready.
    pub fn serve_operators(&mut self, listener: TcpListener, address: SocketAddr) {
        let connections = Connections::new(listen::OPERATORS);
        let door = Door { connections, ..self.door.clone() };
        let router = http::admin_router(self.http.clone());
        self.server.spawn(http::serve::serve(listener, router, door, self.server.clone()));
        self.admin = Some(address);
        tracing::info!("for operators: http://{address}/metrics and http://{address}/readyz");
    }

    /// Where operators are served, if they are.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Where the node listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The rooms and sessions of the node.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.http.sessions.hub
    }

    /// The broker of the node.
    pub fn broker(&self) -> &Broker {
        &self.http.sessions.broker
    }

    /// Leaves politely: not ready at once, no new upgrades, sessions told to move and closed one after the other,
    /// the broker flushed. Returns within the drain timeout, true if everybody had left by then.
    pub async fn leave(self) -> bool {
        self.http.leaving.store(true, Ordering::Release);
        let sessions = self.http.sessions.hub.sessions();
        tracing::info!("leaving: {} sessions are asked to move", sessions.count());
        let deadline = tokio::time::Instant::now() + self.drain;
        let left = tokio::time::timeout(self.drain, drain::drain(sessions, self.drain)).await.is_ok();
        for handle in sessions.all() {
            handle.outbox.end(CloseReason::Restart);
        }
        let rest =
            deadline.saturating_duration_since(tokio::time::Instant::now()).max(Duration::from_millis(500));
        let broker = self.http.sessions.broker.clone();
        self.http.tasks.stop();
        let ended = self.http.tasks.wait(rest).await;
        self.server.stop();
        self.http.sessions.hub.withdraw_presence().await;
        let flushed = tokio::time::timeout(rest, broker.core.close()).await.is_ok();
        left && ended && flushed
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
