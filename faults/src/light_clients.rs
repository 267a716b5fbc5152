//! Light clients for very many rooms: they count rooms and messages and record nothing else.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use shared::{
    command::{self, Command},
    event::{Event, Reply, ServerFrame},
    text::Room,
};
use testkit::{Connection, Received};
use tokio::{task::JoinHandle, time::sleep};

/// Joins in flight on one connection.
const UNDER_WAY: usize = 16;

const AGAIN: Duration = Duration::from_millis(200);

/// Counters over all light clients.
#[derive(Debug, Default)]
pub struct LightCounts {
    /// Rooms joined.
    pub rooms: AtomicU64,
    /// Messages that arrived.
    pub messages: AtomicU64,
    /// `lost` events.
    pub lost: AtomicU64,
    /// Connections that ended.
    pub ended: AtomicU64,
}

/// Running light clients; dropping this ends them.
#[derive(Debug, Default)]
pub struct LightClients {
    /// What they have counted.
    pub counts: Arc<LightCounts>,
    tasks: Vec<JoinHandle<()>>,
}

impl LightClients {
    /// Starts one more with these rooms, at most as many as one session may join.
    pub fn add(&mut self, node: SocketAddr, rooms: Vec<Room>) {
        let counts = self.counts.clone();
        self.tasks.push(tokio::spawn(async move {
            let ended = hold(node, rooms, &counts).await;
            counts.ended.fetch_add(1, Relaxed);
            drop(ended);
        }));
    }

    /// How many clients were started.
    pub fn count(&self) -> usize {
        self.tasks.len()
    }
}

impl Drop for LightClients {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Runs one client until its connection ends.
async fn hold(node: SocketAddr, mut rooms: Vec<Room>, counts: &LightCounts) -> Result<()> {
    let mut connection = Connection::v1(node).await?;
    connection.hello("Light client", None).await?;
    let mut asked: HashMap<u64, Room> = HashMap::new();
    let mut request = 1;
    loop {
        while asked.len() < UNDER_WAY {
            let Some(room) = rooms.pop() else { break };
            request += 1;
            connection
                .send(request, Command::Join(command::Join { room: room.clone(), since: None }))
                .await?;
            asked.insert(request, room);
        }
        let Received::Frame(frame) = connection.receive().await? else { bail!("closed") };
        match *frame {
            ServerFrame::Reply(id, Reply::Joined(_)) => {
                if asked.remove(&id).is_some() {
                    counts.rooms.fetch_add(1, Relaxed);
                }
            }
            ServerFrame::Reply(id, _) => {
                // Refused for now: retry a little later.
                sleep(AGAIN).await;
                rooms.extend(asked.remove(&id));
            }
            ServerFrame::Event(Event::Message(_)) => {
                counts.messages.fetch_add(1, Relaxed);
            }
            ServerFrame::Event(Event::Lost(_)) => {
                counts.lost.fetch_add(1, Relaxed);
            }
            ServerFrame::Event(_) => {}
        }
    }
}
