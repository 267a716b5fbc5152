//! The drafts that wait to be stored, in order and bounded.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

use shared::text::Room;
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use crate::broker::{BrokerError, Draft, Stored};

/// Drafts accepted and not answered.
pub(crate) const DRAFTS: usize = 16_384;

/// Their records and what belongs to them, in bytes.
const BYTES: usize = 64 << 20;

/// The bounded queue.
#[derive(Debug, Default)]
pub(in super::super) struct DraftQueue {
    inner: Mutex<Inner>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<QueuedDraft>,
    /// Accepted and not answered: those in `waiting` and those on their way.
    drafts: usize,
    bytes: usize,
}

/// How far a draft is; its caller and the lane agree on it.
#[derive(Debug, Default)]
pub(super) struct DraftStage(AtomicU8);

const QUEUED: u8 = 0;
const SENT: u8 = 1;
const EXPIRED: u8 = 2;

impl DraftStage {
    /// Gives up a draft that was not sent. `false` if it was sent: then nobody knows what became of it.
    pub(super) fn expire(&self) -> bool {
        let step = self.0.compare_exchange(QUEUED, EXPIRED, Ordering::AcqRel, Ordering::Acquire);
        step.is_ok() || step == Err(EXPIRED)
    }

    /// Marks it as sent. `false` if its caller has given it up.
    pub(super) fn send(&self) -> bool {
        let step = self.0.compare_exchange(QUEUED, SENT, Ordering::AcqRel, Ordering::Acquire);
        step.is_ok() || step == Err(SENT)
    }

    /// No try of it was executed.
    pub(super) fn unsend(&self) {
        // Fails only if it was not sent; then there is nothing to take back.
        let _unsent = self.0.compare_exchange(SENT, QUEUED, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// An accepted draft.
#[derive(Debug)]
pub(super) struct QueuedDraft {
    pub(super) room: Room,
    pub(super) draft: Draft,
    pub(super) deadline: Instant,
    pub(super) stage: Arc<DraftStage>,
    /// The same on every try of this node, by which it knows its own tries among those of others.
    pub(super) mark: u32,
    /// An earlier try may have stored it.
    pub(super) doubtful: bool,
    answer: oneshot::Sender<Result<Stored, BrokerError>>,
}

impl QueuedDraft {
    pub(super) fn new(
        room: Room,
        draft: Draft,
        deadline: Instant,
        stage: Arc<DraftStage>,
        answer: oneshot::Sender<Result<Stored, BrokerError>>,
    ) -> Self {
        Self { room, draft, deadline, stage, mark: fastrand::u32(..), doubtful: false, answer }
    }

    pub(super) fn bytes(&self) -> usize {
        self.draft.bytes() + self.room.as_str().len() + 256
    }
}

impl DraftQueue {
    /// Queues a draft; `false` if there are too many.
    pub(super) fn push(&self, waiting: QueuedDraft) -> bool {
        {
            let mut inner = self.lock();
            let bytes = inner.bytes + waiting.bytes();
            if inner.drafts >= DRAFTS || bytes > BYTES {
                return false;
            }
            inner.drafts += 1;
            inner.bytes = bytes;
            inner.waiting.push_back(waiting);
        }
        self.filled.notify_one();
        true
    }

    /// Takes up to `most` drafts from the front; waits for one.
    pub(super) async fn pull(&self, most: usize) -> Vec<QueuedDraft> {
        loop {
            {
                let mut inner = self.lock();
                let count = inner.waiting.len().min(most);
                if count > 0 {
                    return inner.waiting.drain(..count).collect();
                }
            }
            self.filled.notified().await;
        }
    }

    /// Puts drafts back in front of everything, in their order.
    pub(super) fn put_back(&self, drafts: Vec<QueuedDraft>) {
        if drafts.is_empty() {
            return;
        }
        {
            let mut inner = self.lock();
            for waiting in drafts.into_iter().rev() {
                inner.waiting.push_front(waiting);
            }
        }
        self.filled.notify_one();
    }

    /// Answers a draft that [`DraftQueue::pull`] gave.
    pub(super) fn answer(&self, waiting: QueuedDraft, result: Result<Stored, BrokerError>) {
        let empty = {
            let mut inner = self.lock();
            inner.drafts -= 1;
            inner.bytes -= waiting.bytes();
            inner.drafts == 0
        };
        // The caller may have gone; the draft is stored all the same.
        let _gone = waiting.answer.send(result);
        if empty {
            self.emptied.notify_waiters();
        }
    }

    /// Answers everything whose deadline has passed.
    pub(super) fn expire(&self) {
        let now = Instant::now();
        let expired: Vec<_> = {
            let mut inner = self.lock();
            // Deadlines are a fixed time after the call, so the queue is sorted by them.
            let count = inner.waiting.partition_point(|waiting| waiting.deadline <= now);
            inner.waiting.drain(..count).collect()
        };
        for waiting in expired {
            self.late(waiting);
        }
    }

    /// Answers a draft whose deadline has passed, or that its caller gave up.
    pub(super) fn late(&self, waiting: QueuedDraft) {
        let error = if waiting.stage.expire() {
            BrokerError::Unavailable("there is no connection to Redis".to_owned())
        } else {
            BrokerError::Unknown
        };
        self.answer(waiting, Err(error));
    }

    /// Waits until everything accepted is answered.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.lock().drafts == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
