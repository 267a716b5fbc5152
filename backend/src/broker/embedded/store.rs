//! Opening and closing a store.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize},
    thread::JoinHandle,
};

use tokio::sync::{Semaphore, watch};

use super::{
    disk::{Disk, OpenError},
    engine::Engine,
    nonces,
    queue::WriteQueue,
    registry::Registry,
    settings::EmbeddedSettings,
    writer,
};
use crate::{broker::Health, clock::now_ms};

/// One file of rooms, and the thread that writes it.
#[derive(Debug)]
pub struct Store {
    pub(super) engine: Arc<Engine>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens the file or makes a new one, and starts the writer.
    /// Blocks for as long as the file takes: milliseconds, also after a crash and however large it is.
    pub fn open(settings: EmbeddedSettings) -> Result<Arc<Self>, OpenError> {
        let disk = Disk::open(settings.path.clone(), settings.create, settings.cache_bytes)?;
        Self::start(settings, disk)
    }

    pub(super) fn start(settings: EmbeddedSettings, disk: Disk) -> Result<Arc<Self>, OpenError> {
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
