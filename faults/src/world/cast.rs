//! The processes of a run: what carries its messages, and its nodes.

use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;
use testkit::{Meddler, NodeProcess, RedisOptions, RedisServer, free_port};
use tokio::task::block_in_place;

use super::{Group, Size};
use crate::proxy::Proxy;

const START: Duration = Duration::from_secs(60);
const SECRET: &str = "a secret for the nodes of a fault run";

/// What carries the messages of a run.
#[derive(Debug, Clone)]
pub enum Carrier {
    /// A Redis of the run's own.
    Redis(RedisOptions),
    /// A primary and two replicas under three Sentinels, who tell the nodes which is which.
    Group {
        /// Replicas that an acknowledgement waits for.
        wait: u32,
    },
    /// One node with a file.
    Embedded,
    /// One of these, and the clocks and disks of all processes can be meddled with.
    Meddled(Box<Carrier>),
}

impl Carrier {
    /// How Redis is set up, if there is just one, and whether everything is meddled with.
    fn redis(&self) -> (Option<&RedisOptions>, bool) {
        match self {
            Self::Redis(options) => (Some(options), false),
            Self::Embedded | Self::Group { .. } => (None, false),
            Self::Meddled(carrier) => (carrier.redis().0, true),
        }
    }

    /// Replicas that an acknowledgement waits for, if there is a group.
    fn group(&self) -> Option<u32> {
        match self {
            Self::Group { wait } => Some(*wait),
            Self::Redis(_) | Self::Embedded => None,
            Self::Meddled(carrier) => carrier.group(),
        }
    }
}

/// The processes of a run, none on a running cluster, and what stands between them.
#[derive(Debug, Default)]
pub(super) struct Cast {
    pub(super) nodes: Vec<NodeProcess>,
    pub(super) proxies: Vec<Proxy>,
    pub(super) meddlers: Vec<Meddler>,
    pub(super) redis: Option<RedisServer>,
    pub(super) group: Option<Group>,
    pub(super) folder: Option<TempDir>,
}

impl Cast {
    /// Starts everything and waits until all nodes are ready.
    pub(super) async fn start(size: &Size, carrier: &Carrier) -> Result<Self> {
        let folder = TempDir::with_prefix("hubbub-faults-")?;
        let (options, meddled) = carrier.redis();
        let shared = options.is_some() || carrier.group().is_some();
        let count = if shared { size.nodes } else { 1 };
        let meddlers = (0..if meddled { count + 1 } else { 0 }).map(|_| block_in_place(Meddler::new));
        let meddlers = meddlers.collect::<Result<Vec<_>>>()?;
        let redis = options.map(|options| {
            let mut options = options.clone();
            options.env.extend(meddlers.last().map(Meddler::env).into_iter().flatten());
            block_in_place(|| RedisServer::with(options))
        });
        let redis = redis.transpose()?;
        let group = carrier.group().map(|_| block_in_place(Group::start)).transpose()?;
        let mut proxies = Vec::new();
        let mut nodes = Vec::new();
        for index in 0..count {
            let mut args = vec!["--secret".to_owned(), SECRET.to_owned()];
            if let Some(redis) = &redis {
                let proxy = Proxy::start(redis.port()).await?;
                args.extend(["--redis-url".into(), format!("redis://127.0.0.1:{}", proxy.port())]);
                proxies.push(proxy);
            } else if let Some((group, wait)) = group.as_ref().zip(carrier.group()) {
                args.extend(["--redis-url".into(), group.sentinels.url()]);
                args.extend(["--redis-wait-replicas".into(), wait.to_string()]);
            } else {
                args.extend(["--data".into(), folder.path().join("rooms.redb").display().to_string()]);
            }
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            let env = meddlers.get(index).map(Meddler::env).unwrap_or_default();
            let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            nodes.push(NodeProcess::start_on(free_port()?, &size.binary, &args, &env)?);
        }
        for node in &mut nodes {
            block_in_place(|| node.wait_ready(START))?;
        }
        Ok(Self { nodes, proxies, meddlers, redis, group, folder: Some(folder) })
    }
}
