//! What the threads and the endpoints of a store share.

use std::sync::{Arc, atomic::AtomicUsize};

use tokio::sync::{Semaphore, watch};

use super::{disk::Disk, queue::WriteQueue, registry::Registry, settings::EmbeddedSettings};
use crate::broker::Health;

/// What the threads and the endpoints share.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) settings: EmbeddedSettings,
    pub(super) disk: Disk,
    pub(super) queue: WriteQueue,
    pub(super) registry: Registry,
    pub(super) health: watch::Sender<Health>,
    /// Reads at the same time: beyond it they wait rather than take a thread each.
    pub(super) readers: Arc<Semaphore>,
    pub(super) endpoints: AtomicUsize,
}
