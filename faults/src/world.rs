//! Everything that a fault plays on: Redis, a proxy for each node, nodes, clients and their load.

mod cast;
mod group;
mod load;
mod running;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use shared::text::Room;
use tempfile::TempDir;
use testkit::{Meddler, NodeProcess, RedisServer};
use tokio::{
    sync::{Notify, mpsc},
    task::{JoinHandle, block_in_place},
    time::sleep,
};

use self::cast::Cast;
pub use self::{cast::Carrier, group::Group, load::Load, running::Running};
use crate::{
    checker::{History, Observation},
    client::{self, Plan, Say},
    history,
    proxy::Proxy,
    stage::Stage,
};

const POLL: Duration = Duration::from_millis(10);
const START: Duration = Duration::from_secs(60);

/// How big a run is.
#[derive(Debug, Clone)]
pub struct Size {
    /// The server binary.
    pub binary: PathBuf,
    /// Another version of it, for F28.
    pub old_binary: Option<PathBuf>,
    /// Instead of processes of the run's own, where there are some.
    pub cluster: Option<Running>,
    /// For every random choice.
    pub seed: u64,
    /// Nodes.
    pub nodes: usize,
    /// Clients.
    pub clients: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages per second, all clients together.
    pub rate: u32,
    /// Whether waits are cut to a third or so.
    pub short: bool,
    /// What bounds of time are multiplied by.
    pub slack: u64,
}

impl Size {
    /// A room of this run: on a cluster that others use, too, one that nobody else is in.
    pub fn room(&self, name: &str) -> Result<Room> {
        let room = match &self.cluster {
            Some(running) => format!("{name} of faults {}", running.mark),
            None => name.to_owned(),
        };
        Ok(room.parse()?)
    }
}

/// A running world.
#[derive(Debug)]
pub struct World {
    /// How big it is.
    pub size: Size,
    /// What the clients share.
    pub stage: Arc<Stage>,
    /// The nodes, by index; empty on a running cluster.
    pub nodes: Vec<NodeProcess>,
    /// Between each node and the one Redis; else empty.
    pub proxies: Vec<Proxy>,
    /// What meddles with each node and, behind them, with Redis; empty unless the carrier is [`Carrier::Meddled`].
    pub meddlers: Vec<Meddler>,
    /// The load; paused until [`World::settle`] has been waited for.
    pub load: Load,
    /// The rooms.
    pub rooms: Vec<Room>,
    /// Redis with replicas, unless there is just one or none.
    pub group: Option<Group>,
    redis: Option<RedisServer>,
    clients: Vec<JoinHandle<Observation>>,
    tears: Vec<Arc<Notify>>,
    _folder: Option<TempDir>,
}

impl World {
    /// Starts everything and waits until all clients are in their rooms and messages flow.
    pub async fn start(size: Size, carrier: &Carrier, repeats: bool) -> Result<Self> {
        let cast = match &size.cluster {
            Some(_) => Cast::default(),
            None => Cast::start(&size, carrier).await?,
        };
        let Cast { nodes, proxies, meddlers, redis, group, folder } = cast;
        let own = || nodes.iter().map(|node| SocketAddr::from(([127, 0, 0, 1], node.port()))).collect();
        let addresses = size.cluster.as_ref().map_or_else(own, |running| running.nodes.clone());
        let stage = Arc::new(Stage::new(addresses));
        let rooms = (0..size.rooms).map(|number| size.room(&format!("room {number}")));
        let rooms = rooms.collect::<Result<Vec<_>>>()?;
        let mut world = Self {
            load: Load::start(size.rate, size.seed),
            size,
            stage,
            nodes,
            proxies,
            meddlers,
            rooms,
            group,
            redis,
            clients: Vec::new(),
            tears: Vec::new(),
            _folder: folder,
        };
        world.enter(repeats);
        world.settle(START).await?;
        world.load.go(true);
        sleep(Duration::from_secs(2)).await;
        Ok(world)
    }

    fn enter(&mut self, repeats: bool) {
        let mut mouths = Vec::new();
        for index in 0..self.size.clients {
            let mut rooms = vec![self.rooms[index % self.rooms.len()].clone()];
            let second = &self.rooms[(index * 7 + 3) % self.rooms.len()];
            if index % 3 == 0 && rooms[0] != *second {
                rooms.push(second.clone());
            }
            let (mouth, work) = mpsc::channel::<Say>(64);
            let tear = Arc::new(Notify::new());
            // Members of one room are spread over all nodes.
            let node = (index / self.rooms.len() + index) % self.stage.nodes.len();
            let seed = self.size.seed.wrapping_add(index as u64);
            let plan = Plan { index, rooms, node, seed, repeats, tear: tear.clone() };
            let stage = self.stage.clone();
            self.clients.push(tokio::spawn(async move {
                // One after the other: a crowd at the door is a fault of its own.
                sleep(Duration::from_millis(plan.index as u64)).await;
                client::live(plan, stage, work).await
            }));
            mouths.push(mouth);
            self.tears.push(tear);
        }
        self.load.speak_through(mouths);
    }

    /// Its Redis.
    pub fn redis(&mut self) -> Result<&mut RedisServer> {
        self.redis.as_mut().context("this world has no Redis")
    }

    /// Its Redis with replicas.
    pub fn group(&mut self) -> Result<&mut Group> {
        self.group.as_mut().context("this world has no Sentinels")
    }

    /// What meddles with Redis.
    pub fn redis_meddler(&self) -> Result<&Meddler> {
        self.meddlers.last().context("nothing is meddled with in this world")
    }

    /// Waits until every client is in all its rooms.
    pub async fn settle(&self, within: Duration) -> Result<()> {
        let all = i64::try_from(self.size.clients)?;
        self.until("all clients in their rooms", within, || self.stage.settled.load(Relaxed) == all).await?;
        Ok(())
    }

    /// Waits until something is so; answers how long that took.
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

    /// Waits until clients of all nodes have heard something that was sent from now on; answers how long it took.
    pub async fn flows(&self, within: Duration) -> Result<Duration> {
        let all: Vec<_> = (0..self.stage.nodes.len()).collect();
        self.flows_on(&all, within).await
    }

    /// The same for some nodes.
    pub async fn flows_on(&self, nodes: &[usize], within: Duration) -> Result<Duration> {
        let now = self.stage.now();
        self.until("messages on every node", within, || self.stage.heard_since(now, nodes)).await
    }

    /// Deliveries when nothing has happened yet: what 99 of 100 stayed below, in milliseconds.
    pub async fn calm(&self) -> u64 {
        sleep(Duration::from_secs(1)).await;
        self.stage.take_p99();
        sleep(Duration::from_secs(3)).await;
        self.stage.take_p99()
    }

    /// How the rooms' channels are called in Redis.
    pub fn channels(&self) -> Vec<String> {
        let encoded = self.rooms.iter().map(|room| room.as_str().replace(' ', "%20"));
        encoded.map(|room| format!("hubbub:{{{room}}}:live")).collect()
    }

    /// Tears the connection of one client.
    pub fn tear(&self, client: usize) {
        self.tears[client % self.tears.len()].notify_one();
    }

    /// A sum over all nodes that answer, from their metrics.
    pub fn metric(&self, name: &str) -> u64 {
        self.stage.nodes.iter().map(|node| metric(*node, name)).sum()
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

    /// Ends the load, waits for rest, reads the histories, ends the clients; answers what is to be checked.
    pub async fn finish(&mut self) -> Result<(Vec<Observation>, History)> {
        self.load.go(false);
        let patience = Duration::from_secs(40);
        self.settle(patience).await?;
        let still =
            self.until("an answer to every send", patience, || self.stage.pending.load(Relaxed) == 0).await;
        still.with_context(|| format!("{} wait", self.stage.pending.load(Relaxed)))?;
        let (mut heard, mut since) = (0, Instant::now());
        while since.elapsed() < Duration::from_millis(1500) {
            let now = self.stage.heard.load(Relaxed) + self.stage.told.load(Relaxed);
            if now != heard {
                (heard, since) = (now, Instant::now());
            }
            sleep(POLL).await;
        }
        let node = usize::try_from(self.size.seed)? % self.stage.nodes.len();
        let history = history::read(self.stage.nodes[node], &self.rooms).await?;
        self.settle(patience).await?;
        self.stage.stop.send_replace(true);
        let mut observations = Vec::new();
        for client in self.clients.drain(..) {
            observations.push(client.await?);
        }
        Ok((observations, history))
    }
}

/// One counter or gauge of a node, all labels added up; 0 where it cannot be had.
pub fn metric(node: SocketAddr, name: &str) -> u64 {
    let Ok((_, text)) = block_in_place(|| testkit::get(node, "/metrics")) else { return 0 };
    let values = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (key, value) = line.rsplit_once(' ')?;
        let key = key.split('{').next()?;
        (key.strip_prefix("hubbub_")?.trim_end_matches("_total") == name)
            .then(|| value.parse::<u64>().ok())?
    });
    values.sum()
}

/// Descriptors that a node has open; 0 where the system does not tell.
pub fn descriptors(node: &NodeProcess) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", node.pid())).map_or(0, Iterator::count)
}

/// Resident memory of a node in KiB; 0 where the system does not tell.
pub fn resident(node: &NodeProcess) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
