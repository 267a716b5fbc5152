//! The test bed of a fault: Redis, a proxy for each node, nodes, clients and their load.

mod external;
mod load;
mod processes;
mod sentinel_group;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use shared::text::Room;
use tempfile::TempDir;
use testkit::{NodeProcess, Preload, RedisServer};
use tokio::{
    sync::{Notify, mpsc},
    task::{JoinHandle, block_in_place},
    time::sleep,
};

use self::processes::Processes;
pub use self::{external::ExternalCluster, load::Load, processes::BrokerKind, sentinel_group::SentinelGroup};
use crate::{
    checker::{ClientLog, History},
    client::{self, Plan, SendOrder},
    history,
    proxy::Proxy,
    run_state::RunState,
};

const POLL: Duration = Duration::from_millis(10);
const START: Duration = Duration::from_secs(60);

/// How a run is set up.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The server binary.
    pub binary: PathBuf,
    /// Another version of it, for F28.
    pub old_binary: Option<PathBuf>,
    /// A cluster that already runs; the run then starts no processes of its own.
    pub cluster: Option<ExternalCluster>,
    /// Seed of all random choices.
    pub seed: u64,
    /// Nodes.
    pub nodes: usize,
    /// Clients.
    pub clients: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages per second, all clients together.
    pub rate: u32,
    /// Cuts waits to about a third.
    pub short: bool,
    /// Factor on all time bounds.
    pub slack: u64,
}

impl RunOptions {
    /// A room of this run. On an external cluster its name carries the run's mark, so nobody else is in it.
    pub fn room(&self, name: &str) -> Result<Room> {
        let room = match &self.cluster {
            Some(running) => format!("{name} of faults {}", running.mark),
            None => name.to_owned(),
        };
        Ok(room.parse()?)
    }
}

/// A running test bed.
#[derive(Debug)]
pub struct TestBed {
    /// How the run is set up.
    pub options: RunOptions,
    /// State that all clients share.
    pub state: Arc<RunState>,
    /// The nodes, by index; empty on a running cluster.
    pub nodes: Vec<NodeProcess>,
    /// Between each node and the one Redis; else empty.
    pub proxies: Vec<Proxy>,
    /// The preloaded libraries of the nodes, then that of Redis; empty unless the broker is [`BrokerKind::Preloaded`].
    pub preloads: Vec<Preload>,
    /// The load; paused until all clients have joined.
    pub load: Load,
    /// The rooms.
    pub rooms: Vec<Room>,
    /// The primary with its replicas, if the run uses Sentinels.
    pub group: Option<SentinelGroup>,
    redis: Option<RedisServer>,
    clients: Vec<JoinHandle<ClientLog>>,
    tears: Vec<Arc<Notify>>,
    _folder: Option<TempDir>,
}

impl TestBed {
    /// Starts everything and waits until all clients have joined their rooms and messages flow.
    pub async fn start(options: RunOptions, broker: &BrokerKind, repeats: bool) -> Result<Self> {
        let processes = match &options.cluster {
            Some(_) => Processes::default(),
            None => Processes::start(&options, broker).await?,
        };
        let Processes { nodes, proxies, preloads, redis, group, folder } = processes;
        let own = || nodes.iter().map(|node| SocketAddr::from(([127, 0, 0, 1], node.port()))).collect();
        let addresses = options.cluster.as_ref().map_or_else(own, |running| running.nodes.clone());
        let state = Arc::new(RunState::new(addresses));
        let rooms = (0..options.rooms).map(|number| options.room(&format!("room {number}")));
        let rooms = rooms.collect::<Result<Vec<_>>>()?;
        let mut bed = Self {
            load: Load::start(options.rate, options.seed),
            options,
            state,
            nodes,
            proxies,
            preloads,
            rooms,
            group,
            redis,
            clients: Vec::new(),
            tears: Vec::new(),
            _folder: folder,
        };
        bed.enter(repeats);
        bed.settle(START).await?;
        bed.load.go(true);
        sleep(Duration::from_secs(2)).await;
        Ok(bed)
    }

    fn enter(&mut self, repeats: bool) {
        let mut senders = Vec::new();
        for index in 0..self.options.clients {
            let mut rooms = vec![self.rooms[index % self.rooms.len()].clone()];
            let second = &self.rooms[(index * 7 + 3) % self.rooms.len()];
            if index % 3 == 0 && rooms[0] != *second {
                rooms.push(second.clone());
            }
            let (sender, work) = mpsc::channel::<SendOrder>(64);
            let tear = Arc::new(Notify::new());
            // Members of one room are spread over all nodes.
            let node = (index / self.rooms.len() + index) % self.state.nodes.len();
            let seed = self.options.seed.wrapping_add(index as u64);
            let plan = Plan { index, rooms, node, seed, repeats, tear: tear.clone() };
            let state = self.state.clone();
            self.clients.push(tokio::spawn(async move {
                // One after the other: a crowd at the door is a fault of its own.
                sleep(Duration::from_millis(plan.index as u64)).await;
                client::run(plan, state, work).await
            }));
            senders.push(sender);
            self.tears.push(tear);
        }
        self.load.attach(senders);
    }

    /// The single Redis.
    pub fn redis(&mut self) -> Result<&mut RedisServer> {
        self.redis.as_mut().context("this test bed has no Redis")
    }

    /// The Redis group with its Sentinels.
    pub fn group(&mut self) -> Result<&mut SentinelGroup> {
        self.group.as_mut().context("this test bed has no Sentinels")
    }

    /// The preloaded library of Redis.
    pub fn redis_preload(&self) -> Result<&Preload> {
        self.preloads.last().context("nothing is preloaded in this test bed")
    }

    /// Waits until every client has joined all its rooms.
    pub async fn settle(&self, within: Duration) -> Result<()> {
        let all = i64::try_from(self.options.clients)?;
        self.until("all clients in their rooms", within, || self.state.settled.load(Relaxed) == all).await?;
        Ok(())
    }

    /// Polls until `is` holds; returns how long that took.
    pub async fn until(&self, what: &str, within: Duration, is: impl Fn() -> bool) -> Result<Duration> {
        let start = Instant::now();
        while !is() {
            if start.elapsed() > within {
                bail!("not within {within:?}: {what}");
            }
            sleep(POLL).await;
        }
        Ok(start.elapsed())
    }

    /// Waits until clients of every node have received a message sent after the call; returns how long that took.
    pub async fn flows(&self, within: Duration) -> Result<Duration> {
        let all: Vec<_> = (0..self.state.nodes.len()).collect();
        self.flows_on(&all, within).await
    }

    /// As [`TestBed::flows`], for some of the nodes.
    pub async fn flows_on(&self, nodes: &[usize], within: Duration) -> Result<Duration> {
        let now = self.state.now();
        self.until("messages on every node", within, || self.state.heard_since(now, nodes)).await
    }

    /// The 99th percentile of delivery times over three undisturbed seconds, in milliseconds.
    pub async fn calm(&self) -> u64 {
        sleep(Duration::from_secs(1)).await;
        self.state.take_p99();
        sleep(Duration::from_secs(3)).await;
        self.state.take_p99()
    }

    /// The names of the rooms' channels in Redis.
    pub fn channels(&self) -> Vec<String> {
        let encoded = self.rooms.iter().map(|room| room.as_str().replace(' ', "%20"));
        encoded.map(|room| format!("hubbub:{{{room}}}:live")).collect()
    }

    /// Resets the connection of one client in the middle of a frame.
    pub fn tear(&self, client: usize) {
        self.tears[client % self.tears.len()].notify_one();
    }

    /// The sum of a metric over all nodes that answer.
    pub fn metric(&self, name: &str) -> u64 {
        self.state.nodes.iter().map(|node| metric(*node, name)).sum()
    }

    /// The largest resident memory of a node, in KiB.
    pub fn resident(&self) -> u64 {
        self.nodes.iter().map(resident).max().unwrap_or(0)
    }

    /// The first panic in the log of a node.
    pub fn panic(&self) -> Option<String> {
        self.nodes.iter().find_map(|node| {
            let log = node.log();
            let at = log.find("panicked at")?;
            Some(log[at..].lines().take(2).collect::<Vec<_>>().join(" "))
        })
    }

    /// Stops the load, waits until nothing is under way, reads the histories and stops the clients.
    /// Returns what the checker needs.
    pub async fn finish(&mut self) -> Result<(Vec<ClientLog>, History)> {
        self.load.go(false);
        let patience = Duration::from_secs(40);
        self.settle(patience).await?;
        let still =
            self.until("an answer to every send", patience, || self.state.pending.load(Relaxed) == 0).await;
        still.with_context(|| format!("{} wait", self.state.pending.load(Relaxed)))?;
        let (mut heard, mut since) = (0, Instant::now());
        while since.elapsed() < Duration::from_millis(1500) {
            let now = self.state.heard.load(Relaxed) + self.state.told.load(Relaxed);
            if now != heard {
                (heard, since) = (now, Instant::now());
            }
            sleep(POLL).await;
        }
        let node = usize::try_from(self.options.seed)? % self.state.nodes.len();
        let history = history::read(self.state.nodes[node], &self.rooms).await?;
        self.settle(patience).await?;
        self.state.stop.send_replace(true);
        let mut logs = Vec::new();
        for client in self.clients.drain(..) {
            logs.push(client.await?);
        }
        Ok((logs, history))
    }
}

/// One counter or gauge of a node, summed over its labels; 0 if the node does not answer.
pub fn metric(node: SocketAddr, name: &str) -> u64 {
    let Ok((_, text)) = block_in_place(|| testkit::get(testkit::admin(node), "/metrics")) else { return 0 };
    let values = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (key, value) = line.rsplit_once(' ')?;
        let key = key.split('{').next()?;
        (key.strip_prefix("hubbub_")?.trim_end_matches("_total") == name)
            .then(|| value.parse::<u64>().ok())?
    });
    values.sum()
}

/// Open descriptors of a node; 0 where the system does not tell.
pub fn descriptors(node: &NodeProcess) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", node.pid())).map_or(0, Iterator::count)
}

/// Resident memory of a node in KiB; 0 where the system does not tell.
pub fn resident(node: &NodeProcess) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
