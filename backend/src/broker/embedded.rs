//! The broker inside one process, kept on disk.
//!
//! A [`Store`] is one file with everything in it; [`Store::join`] gives a node its endpoint. One writer thread gathers
//! whatever waits into one commit, so an answer is as durable as the disk and still costs many publishers one sync.
//! Reads see the last commit and never wait for the writer.
//!
//! | file | idea |
//! |---|---|
//! | [`disk`] | opening the file, and opening it again after the disk failed |
//! | [`tables`] | what stands in the file |
//! | [`queue`] | what waits for the writer, bounded |
//! | [`writer`] | the thread: gather, commit, hand over, answer, recover |
//! | [`commit`] | what one commit does |
//! | [`nonces`] | which messages were stored within the nonce window |
//! | [`trim`] | what is too old or too much |
//! | [`history`] | reading |
//! | [`endpoint`] | one node's side: log, bus and state |
//! | [`presence`] | who is where, in memory |
//! | [`tools`] | compacting and exporting a file |

mod commit;
mod disk;
mod endpoint;
mod history;
mod nonces;
mod presence;
mod queue;
mod tables;
pub mod tools;
mod trim;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{Semaphore, watch};

pub use self::disk::OpenError;
#[cfg(test)]
pub(crate) use self::history::PAGE_BYTES;
use self::{disk::Disk, endpoint::Endpoint, endpoint::Registry, queue::WriteQueue};
use super::{Broker, Health, Lanes};
use crate::clock::now_ms;

/// How a [`Store`] is set up.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The file; `None` keeps everything in memory, for tests.
    pub path: Option<PathBuf>,
    /// Whether to make the file when there is none.
    pub create: bool,
    /// Memory for pages of the file, in bytes.
    pub cache_bytes: usize,
    /// Entries that a room keeps for readers, at least 1. In the file each stays for the nonce window at least.
    pub history_max: u64,
    /// How long an entry is kept. It goes when its room is written to or swept, so it may be read a little longer.
    pub history_age: Duration,
    /// Lanes of each endpoint.
    pub lanes: usize,
    /// What one lane holds, in bytes.
    pub lane_bytes: usize,
    /// Writes that may wait; beyond it a publish is refused with [`BrokerError::Overloaded`](super::BrokerError::Overloaded).
    pub queue_len: usize,
    /// Bytes of records that may wait.
    pub queue_bytes: usize,
    /// Publishes remembered within the nonce window, about 80 bytes each; beyond it a publish is refused as overloaded.
    pub nonces_max: usize,
    /// After how long an unanswered call gives up.
    pub deadline: Duration,
    /// How often the way through the writer is probed.
    pub probe_every: Duration,
}

impl Default for EmbeddedSettings {
    fn default() -> Self {
        Self {
            path: None,
            create: true,
            cache_bytes: 16 * 1024 * 1024,
            history_max: 10_000,
            history_age: Duration::from_secs(30 * 24 * 3600),
            lanes: 8,
            lane_bytes: 4 * 1024 * 1024,
            queue_len: 16_384,
            queue_bytes: 64 * 1024 * 1024,
            nonces_max: 8_000_000,
            deadline: Duration::from_secs(10),
            probe_every: Duration::from_secs(2),
        }
    }
}

/// One file of rooms, and the thread that writes it.
#[derive(Debug)]
pub struct Store {
    engine: Arc<Engine>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the threads and the endpoints share.
#[derive(Debug)]
struct Engine {
    settings: EmbeddedSettings,
    disk: Disk,
    queue: WriteQueue,
    registry: Registry,
    health: watch::Sender<Health>,
    /// Reads at the same time: beyond it they wait rather than take a thread each.
    readers: Arc<Semaphore>,
    endpoints: AtomicUsize,
}

impl Store {
    /// Opens the file or makes a new one, and starts the writer.
    /// Blocks for as long as the file takes: milliseconds, also after a crash and however large it is.
    pub fn open(settings: EmbeddedSettings) -> Result<Arc<Self>, OpenError> {
        let disk = Disk::open(settings.path.clone(), settings.create, settings.cache_bytes)?;
        Self::start(settings, disk)
    }

    fn start(settings: EmbeddedSettings, disk: Disk) -> Result<Arc<Self>, OpenError> {
        let nonces = nonces::Nonces::new(now_ms());
        let engine = Arc::new(Engine {
            queue: WriteQueue::new(settings.queue_len, settings.queue_bytes),
            registry: Registry::default(),
            health: watch::Sender::new(Health {
                generation: 1,
                durability: disk.durability().into(),
                ..Health::down("starting")
            }),
            readers: Arc::new(Semaphore::new(16)),
            endpoints: AtomicUsize::new(0),
            settings,
            disk,
        });
        let write = {
            let engine = Arc::clone(&engine);
            std::thread::Builder::new()
                .name("store-writer".into())
                .spawn(move || writer::run(&engine, nonces))
        };
        let mut threads = vec![write.map_err(|error| engine.disk.no_thread(&error))?];
        writer::probe(&engine);
        let probe = {
            let engine = Arc::clone(&engine);
            std::thread::Builder::new()
                .name("store-probe".into())
                .spawn(move || writer::keep_probing(&engine))
        };
        match probe {
            Ok(probe) => threads.push(probe),
            Err(error) => {
                engine.queue.close();
                return Err(engine.disk.no_thread(&error));
            }
        }
        Ok(Arc::new(Self { engine, threads: Mutex::new(threads) }))
    }

    /// Another node on this store: its own lanes, its own rooms taken.
    /// The store closes when the last node that joined closes its bus, or when nobody holds it any more.
    pub fn join(self: &Arc<Self>) -> Broker {
        let lanes = Arc::new(Lanes::new(self.engine.settings.lanes, self.engine.settings.lane_bytes));
        let endpoint = Arc::new(Endpoint::new(Arc::clone(self), Arc::clone(&lanes)));
        Broker {
            core: endpoint.clone(),
            presence: endpoint.clone(),
            rooms: endpoint.clone(),
            state: endpoint,
            lanes,
        }
    }

    /// Writes what was accepted, ends the threads and lets go of the file. Blocks; a second call does nothing.
    pub fn close(&self) {
        self.engine.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store ended in a panic");
            }
        }
        self.engine.disk.close();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}
