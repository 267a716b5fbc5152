//! The processes of a run: its broker and its nodes.

use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;
use testkit::{NodeProcess, Preload, RedisOptions, RedisServer, free_port};
use tokio::task::block_in_place;

use super::{RunOptions, SentinelGroup};
use crate::proxy::Proxy;

const START: Duration = Duration::from_secs(60);
const SECRET: &str = "a secret for the nodes of a fault run";

/// The broker that a run uses.
#[derive(Debug, Clone)]
pub enum BrokerKind {
    /// One Redis.
    Redis(RedisOptions),
    /// A primary and two replicas, watched by three Sentinels that tell the nodes which is which.
    Sentinels {
        /// Replicas that an acknowledgement waits for.
        wait: u32,
    },
    /// One node with its file.
    Embedded,
    /// One of these, with control over the clocks and disks of all processes.
    Preloaded(Box<BrokerKind>),
}

impl BrokerKind {
    /// The options of the single Redis, if there is one, and whether the library is preloaded.
    fn redis(&self) -> (Option<&RedisOptions>, bool) {
        match self {
            Self::Redis(redis_options) => (Some(redis_options), false),
            Self::Embedded | Self::Sentinels { .. } => (None, false),
            Self::Preloaded(broker) => (broker.redis().0, true),
        }
    }

    /// Replicas that an acknowledgement waits for, if there are Sentinels.
    fn group(&self) -> Option<u32> {
        match self {
            Self::Sentinels { wait } => Some(*wait),
            Self::Redis(_) | Self::Embedded => None,
            Self::Preloaded(broker) => broker.group(),
        }
    }
}

/// The processes of a run, none on an external cluster, and the proxies between them.
#[derive(Debug, Default)]
pub(super) struct Processes {
    pub(super) nodes: Vec<NodeProcess>,
    pub(super) proxies: Vec<Proxy>,
    pub(super) preloads: Vec<Preload>,
    pub(super) redis: Option<RedisServer>,
    pub(super) group: Option<SentinelGroup>,
    pub(super) folder: Option<TempDir>,
}

impl Processes {
    /// Starts everything and waits until all nodes are ready.
    pub(super) async fn start(options: &RunOptions, broker: &BrokerKind) -> Result<Self> {
        let folder = TempDir::with_prefix("hubbub-faults-")?;
        let (redis_options, preloaded) = broker.redis();
        let shared = redis_options.is_some() || broker.group().is_some();
        let count = if shared { options.nodes } else { 1 };
        let preloads = (0..if preloaded { count + 1 } else { 0 }).map(|_| block_in_place(Preload::new));
        let preloads = preloads.collect::<Result<Vec<_>>>()?;
        let redis = redis_options.map(|redis_options| {
            let mut redis_options = redis_options.clone();
            redis_options.env.extend(preloads.last().map(Preload::env).into_iter().flatten());
            block_in_place(|| RedisServer::with(redis_options))
        });
        let redis = redis.transpose()?;
        let group = broker.group().map(|_| block_in_place(SentinelGroup::start)).transpose()?;
        let mut proxies = Vec::new();
        let mut nodes = Vec::new();
        for index in 0..count {
            let mut args = vec!["--secret".to_owned(), SECRET.to_owned()];
            if let Some(redis) = &redis {
                let proxy = Proxy::start(redis.port()).await?;
                args.extend(["--redis-url".into(), format!("redis://127.0.0.1:{}", proxy.port())]);
                proxies.push(proxy);
            } else if let Some((group, wait)) = group.as_ref().zip(broker.group()) {
                args.extend(["--redis-url".into(), group.sentinels.url()]);
                args.extend(["--redis-wait-replicas".into(), wait.to_string()]);
            } else {
                args.extend(["--data".into(), folder.path().join("rooms.redb").display().to_string()]);
            }
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            let env = preloads.get(index).map(Preload::env).unwrap_or_default();
            let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            nodes.push(NodeProcess::start_on(free_port()?, &options.binary, &args, &env)?);
        }
        for node in &mut nodes {
            block_in_place(|| node.wait_ready(START))?;
        }
        Ok(Self { nodes, proxies, preloads, redis, group, folder: Some(folder) })
    }
}
