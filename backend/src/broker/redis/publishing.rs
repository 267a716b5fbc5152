//! The ordered lane of publishes: everything a node stores goes through one queue and one connection.
//!
//! Accepting a draft is synchronous, so the order of calls is the order in the queue. One task sends what waits, one
//! round trip at a time. When it does not know what became of a round trip, it sends all of it again, in the same order
//! and with the same nonces, before anything new.

mod queue;
mod round_trip;
mod sender;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use shared::text::Room;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

#[cfg(test)]
pub(crate) use self::queue::DRAFTS;
use self::queue::{DraftQueue, DraftStage, QueuedDraft};
pub(super) use self::{round_trip::Keeping, sender::Sender};
use crate::broker::{BrokerError, Draft, Stored};

/// Accepts drafts.
#[derive(Debug)]
pub(super) struct Publishing {
    queue: Arc<DraftQueue>,
    deadline: Duration,
}

impl Publishing {
    /// Nothing is sent until the [`Sender`] runs.
    pub(super) fn new(deadline: Duration) -> Self {
        Self { queue: Arc::default(), deadline }
    }

    /// What a [`Sender`] takes from.
    pub(super) fn queue(&self) -> Arc<DraftQueue> {
        Arc::clone(&self.queue)
    }

    /// See [`Core::publish`](crate::broker::Core::publish).
    pub(super) fn publish(
        &self,
        room: &Room,
        draft: Draft,
    ) -> BoxFuture<'static, Result<Stored, BrokerError>> {
        let (answer, answered) = oneshot::channel();
        let deadline = Instant::now() + self.deadline;
        let stage = Arc::<DraftStage>::default();
        let waiting = QueuedDraft::new(room.clone(), draft, deadline, Arc::clone(&stage), answer);
        if !self.queue.push(waiting) {
            return Box::pin(std::future::ready(Err(BrokerError::Overloaded)));
        }
        Box::pin(async move {
            match timeout_at(deadline, answered).await {
                Ok(Ok(result)) => result,
                // Too late, or the lane is gone. A draft that was not sent yet never will be.
                Ok(Err(_)) | Err(_) if stage.expire() => {
                    Err(BrokerError::Unavailable("there is no connection to Redis".to_owned()))
                }
                Ok(Err(_)) | Err(_) => Err(BrokerError::Unknown),
            }
        })
    }

    /// Waits until everything accepted is answered, at most until the last deadline.
    pub(super) async fn finish(&self) {
        // What is left then is past its deadline, and its callers were told.
        let _late = tokio::time::timeout(self.deadline, self.queue.emptied()).await;
    }
}

#[cfg(test)]
mod tests;
