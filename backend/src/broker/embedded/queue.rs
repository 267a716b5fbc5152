//! The commands that wait for the writer, bounded in number and bytes.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

use bytes::Bytes;
use shared::text::Room;
use tokio::sync::oneshot;

use crate::broker::{BrokerError, Draft, Key, StateError, Stored, Versioned};

/// Something for the writer to do, and where its answer goes. The caller may be gone by then.
#[derive(Debug)]
pub(super) enum Command {
    Publish {
        room: Room,
        draft: Draft,
        answer: oneshot::Sender<Result<Stored, BrokerError>>,
    },
    Put(Put, oneshot::Sender<Result<u64, StateError>>),
    Take {
        key: Key,
        answer: oneshot::Sender<Result<Option<Versioned>, StateError>>,
    },
    /// Answered with the reason why the writer cannot write.
    Probe {
        answer: mpsc::SyncSender<Result<(), String>>,
    },
}

/// A record to be written.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) key: Key,
    pub(super) expect: Option<u64>,
    pub(super) value: Bytes,
    pub(super) expires: Option<Duration>,
}

impl Command {
    /// What it holds in memory while it waits.
    fn bytes(&self) -> usize {
        128 + match self {
            Self::Publish { draft, .. } => draft.bytes(),
            Self::Put(put, _) => put.value.len(),
            Self::Take { .. } | Self::Probe { .. } => 0,
        }
    }
}

/// Why a command was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Overloaded,
    Closed,
}

/// Commands in the order in which they were given.
#[derive(Debug)]
pub(super) struct WriteQueue {
    waiting: Mutex<Backlog>,
    changed: Condvar,
    max_len: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Backlog {
    commands: VecDeque<Command>,
    bytes: usize,
    closed: bool,
}

/// Commands of one commit: enough to make the sync cheap, few enough that it stays short.
const BATCH_LEN: usize = 4_096;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

impl WriteQueue {
    pub(super) fn new(max_len: usize, max_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), changed: Condvar::new(), max_len, max_bytes }
    }

    /// Queues without waiting. A probe is always accepted: there is one at a time.
    pub(super) fn push(&self, command: Command) -> Result<(), Refused> {
        {
            let mut waiting = self.lock();
            if waiting.closed {
                return Err(Refused::Closed);
            }
            let bytes = command.bytes();
            let full = waiting.commands.len() >= self.max_len || waiting.bytes + bytes > self.max_bytes;
            if full && !matches!(command, Command::Probe { .. }) {
                return Err(Refused::Overloaded);
            }
            waiting.bytes += bytes;
            waiting.commands.push_back(command);
        }
        self.changed.notify_all();
        Ok(())
    }

    /// The commands of the next commit; empty when none came in time. `None` once closed and empty.
    pub(super) fn gather(&self, patience: Duration) -> Option<Vec<Command>> {
        let mut waiting = self.lock();
        if waiting.commands.is_empty() && !waiting.closed {
            waiting = self
                .changed
                .wait_timeout_while(waiting, patience, |waiting| {
                    waiting.commands.is_empty() && !waiting.closed
                })
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if waiting.commands.is_empty() {
            return (!waiting.closed).then(Vec::new);
        }
        let mut commands = Vec::with_capacity(waiting.commands.len().min(BATCH_LEN));
        let mut bytes = 0;
        while commands.len() < BATCH_LEN && bytes < BATCH_BYTES {
            let Some(command) = waiting.commands.pop_front() else { break };
            bytes += command.bytes();
            commands.push(command);
        }
        waiting.bytes -= bytes;
        Some(commands)
    }

    /// Accepts nothing any more; what waits is still gathered.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits until closed, or for so long. Whether it was closed.
    pub(super) fn closed_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut waiting = self.lock();
        while !waiting.closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            waiting = self.changed.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
