//! Nodes and clients for tests: real listeners on free ports, real sockets, either broker.

pub(crate) mod client;
mod wait;

use std::{net::SocketAddr, sync::Arc};

use backend::{
    app::{self, App},
    broker::{
        Broker,
        embedded::{EmbeddedSettings, Store},
        redis::connect,
    },
    config::{Cli, Config, Secret},
};
use clap::Parser;
use tokio::net::TcpListener;

pub(crate) use self::{
    client::{Classic, Client, V1},
    wait::{PATIENCE, until, within},
};
use crate::brokers::redis::{settings, shared_server};

/// What several nodes have in common.
pub(crate) enum Cluster {
    /// One store that every node joins.
    Embedded(Arc<Store>),
    /// A Redis and a prefix of this test's own.
    Redis(String, String),
}

/// A node that serves.
pub(crate) struct Node {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
}

impl Cluster {
    pub(crate) fn embedded() -> Self {
        Self::Embedded(Store::open(EmbeddedSettings::default()).unwrap())
    }

    pub(crate) fn redis() -> Self {
        let (url, prefix) = shared_server();
        Self::Redis(url, prefix)
    }

    /// A node of which there is no more than its end of the broker.
    pub(crate) async fn broker(&self) -> Broker {
        let broker = match self {
            Self::Embedded(store) => store.join(),
            Self::Redis(url, prefix) => connect(&settings(url, prefix)).unwrap(),
        };
        within(broker.core.health().wait_for(|health| health.ready)).await.unwrap();
        broker
    }

    /// One more node, ready to serve.
    pub(crate) async fn node(&self, flags: &[&str]) -> Node {
        let mut config = config(flags);
        let broker = match self {
            Self::Embedded(store) => store.join(),
            Self::Redis(url, prefix) => {
                config.broker.redis_url = Some(Secret(url.clone()));
                config.broker.redis_prefix.clone_from(prefix);
                app::connect(&config.broker).unwrap()
            }
        };
        let mut health = broker.core.health();
        within(health.wait_for(|health| health.ready)).await.unwrap();
        let listener = TcpListener::bind((config.server.host, config.server.port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        Node { app: App::run(&config, listener, address, broker), address }
    }
}

impl Node {
    /// A `hubbub.v1` client that has said hello.
    pub(crate) async fn v1(&self, name: &str) -> Client<V1> {
        let mut client = Client::connect(self.address).await;
        client.hello(name).await;
        client
    }

    /// A classic client.
    pub(crate) async fn classic(&self) -> Client<Classic> {
        Client::connect_classic(self.address, "/").await
    }
}

/// Settings as the command line gives them, on a free port.
pub(crate) fn config(flags: &[&str]) -> Config {
    let fixed = ["hubbub", "--port", "0", "--linger", "0.05"];
    Cli::parse_from(fixed.iter().chain(flags)).config
}

/// Makes a test of each function on each broker.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($cluster:ident) $body:block)*) => {
        $($(#[$attribute])* async fn $name($cluster: $crate::support::Cluster) $body)*
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::support::Cluster::embedded()).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::support::Cluster::redis()).await;
            })*
        }
    };
}
pub(crate) use on_both;
