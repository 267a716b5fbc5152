//! How a store is set up.

use std::{path::PathBuf, time::Duration};

use crate::clock::millis;

/// How a [`Store`](super::Store) is set up.
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
    /// How long an entry is kept however many come after it, up to [`YOUNG_TIMES`](crate::broker::YOUNG_TIMES) times [`Self::history_max`]. A room
    /// whose record says how many it keeps is not meant.
    pub history_min_age: Duration,
    /// Lanes of each endpoint.
    pub lanes: usize,
    /// What one lane holds, in bytes.
    pub lane_bytes: usize,
    /// Writes that may wait; beyond it a publish is refused with [`BrokerError::Overloaded`](crate::broker::BrokerError::Overloaded).
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
            history_min_age: Duration::ZERO,
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

impl EmbeddedSettings {
    /// Since when an entry must have been stored to stay beyond the count of a room that keeps `max`, in milliseconds
    /// since the Unix epoch; [`u64::MAX`] if none does.
    pub(super) fn young_since(&self, max: u64, now_ms: u64) -> u64 {
        if max != self.history_max.max(1) || self.history_min_age.is_zero() {
            return u64::MAX;
        }
        now_ms.saturating_sub(millis(self.history_min_age))
    }
}
