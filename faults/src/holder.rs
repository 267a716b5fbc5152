//! A light client that is in many rooms and notes little: only how many it is in, and how many messages came.

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
    command::Command,
    event::{Event, Reply, ServerFrame},
    text::Room,
};
use tokio::{task::JoinHandle, time::sleep};

use crate::client::wire::{Heard, Wire};

/// Joins that wait for their answer on one connection.
const UNDER_WAY: usize = 16;

const AGAIN: Duration = Duration::from_millis(200);

/// What all light clients together have seen.
#[derive(Debug, Default)]
pub struct Held {
    /// Rooms entered.
    pub rooms: AtomicU64,
    /// Messages that arrived.
    pub messages: AtomicU64,
    /// Losses told.
    pub lost: AtomicU64,
    /// Connections that ended.
    pub ended: AtomicU64,
}

/// Light clients. They leave when this is dropped.
#[derive(Debug, Default)]
pub struct Holders {
    /// What they have seen.
    pub held: Arc<Held>,
    tasks: Vec<JoinHandle<()>>,
}

impl Holders {
    /// One more, with these rooms: no more than one session may have.
    pub fn add(&mut self, node: SocketAddr, rooms: Vec<Room>) {
        let held = self.held.clone();
        self.tasks.push(tokio::spawn(async move {
            let ended = hold(node, rooms, &held).await;
            held.ended.fetch_add(1, Relaxed);
            drop(ended);
        }));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.tasks.len()
    }
}

impl Drop for Holders {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Ends with the connection.
async fn hold(node: SocketAddr, mut rooms: Vec<Room>, held: &Held) -> Result<()> {
    let mut wire = Wire::connect(node).await?;
    wire.greet("Holder", None).await?;
    let mut asked: HashMap<u64, Room> = HashMap::new();
    let mut request = 1;
    loop {
        while asked.len() < UNDER_WAY {
            let Some(room) = rooms.pop() else { break };
            request += 1;
            wire.say(request, Command::Join { room: room.clone(), since: None }).await?;
            asked.insert(request, room);
        }
        let Heard::Frame(frame) = wire.hear().await? else { bail!("closed") };
        match *frame {
            ServerFrame::Reply(id, Reply::Joined(_)) => {
                if asked.remove(&id).is_some() {
                    held.rooms.fetch_add(1, Relaxed);
                }
            }
            ServerFrame::Reply(id, _) => {
                // Too much at once: a little later.
                sleep(AGAIN).await;
                rooms.extend(asked.remove(&id));
            }
            ServerFrame::Event(Event::Message { .. }) => {
                held.messages.fetch_add(1, Relaxed);
            }
            ServerFrame::Event(Event::Lost { .. }) => {
                held.lost.fetch_add(1, Relaxed);
            }
            ServerFrame::Event(_) => {}
        }
    }
}
