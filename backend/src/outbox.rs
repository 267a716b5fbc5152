//! What waits to be written to one session: bounded in bytes, filled without waiting.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use shared::close::CloseReason;
use tokio::sync::Notify;

/// One text frame, shared by everybody who gets it. Always UTF-8.
pub type Frame = Bytes;

/// Many writers, one reader: the session. Overflow ends the session and nobody else.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Backlog>,
    changed: Notify,
    limit: usize,
}

#[derive(Debug, Default)]
struct Backlog {
    frames: VecDeque<Frame>,
    bytes: usize,
    end: Option<CloseReason>,
}

/// What the session has to write.
#[derive(Debug, Default)]
pub struct Pending {
    /// Frames in order.
    pub frames: VecDeque<Frame>,
    /// After them the session ends.
    pub end: Option<CloseReason>,
}

impl Outbox {
    /// An empty outbox that holds one frame and behind it at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { queue: Mutex::default(), changed: Notify::new(), limit }
    }

    /// Queues a frame. Beyond the limit everything that waits is dropped and the session ends as slow.
    pub fn push(&self, frame: Frame) {
        self.extend([frame]);
    }

    /// Queues several frames, as one. Empty ones stand for nothing to say.
    pub fn extend(&self, frames: impl IntoIterator<Item = Frame>) {
        let mut queue = self.lock();
        if queue.end.is_some() {
            return;
        }
        let was_empty = queue.frames.is_empty();
        for frame in frames.into_iter().filter(|frame| !frame.is_empty()) {
            // One frame of any size always fits: a page of history must not end the session that asked for it.
            if !queue.frames.is_empty() {
                queue.bytes += frame.len();
            }
            queue.frames.push_back(frame);
        }
        if queue.bytes > self.limit {
            *queue = Backlog { end: Some(CloseReason::Slow), ..Backlog::default() };
        } else if !was_empty || queue.frames.is_empty() {
            // Whoever filled an empty queue has already woken the session.
            return;
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Ends the session once what waits is written. The first reason counts.
    pub fn end(&self, reason: CloseReason) {
        self.lock().end.get_or_insert(reason);
        self.changed.notify_one();
    }

    /// Takes all that waits. The bytes taken no longer count.
    pub fn take(&self) -> Pending {
        let mut queue = self.lock();
        queue.bytes = 0;
        Pending { frames: mem::take(&mut queue.frames), end: queue.end }
    }

    /// Why the session has to end, if it has to.
    pub fn ending(&self) -> Option<CloseReason> {
        self.lock().end
    }

    /// How many bytes wait behind the first frame.
    pub fn waiting(&self) -> usize {
        self.lock().bytes
    }

    /// Resolves when there may be something to take.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_bound() {
        let outbox = Outbox::new(10);
        outbox.push(Frame::from_static(b"12345"));
        outbox.push(Frame::from_static(b"67890"));
        assert_eq!(outbox.waiting(), 5);
        let batch = outbox.take();
        assert_eq!(batch.frames, [Frame::from_static(b"12345"), Frame::from_static(b"67890")]);
        assert_eq!(batch.end, None);

        outbox.push(Frame::from_static(b"a frame that is larger than the limit"));
        assert_eq!(outbox.take().frames.len(), 1);
        outbox.extend([
            Frame::from_static(b"first"),
            Frame::from_static(b"1234567890"),
            Frame::from_static(b"x"),
        ]);
        assert_eq!(outbox.ending(), Some(CloseReason::Slow));
        outbox.push(Frame::from_static(b"late"));
        assert!(outbox.take().frames.is_empty());
    }

    #[test]
    fn the_first_reason_counts_and_what_waits_is_written() {
        let outbox = Outbox::new(10);
        outbox.push(Frame::from_static(b"bye"));
        outbox.end(CloseReason::Restart);
        outbox.end(CloseReason::Slow);
        let batch = outbox.take();
        assert_eq!((batch.frames.len(), batch.end), (1, Some(CloseReason::Restart)));
    }

    #[tokio::test]
    async fn the_reader_is_woken() {
        let outbox = Outbox::new(10);
        outbox.push(Frame::from_static(b"a"));
        outbox.push(Frame::from_static(b"b"));
        outbox.changed().await;
        assert_eq!(outbox.take().frames.len(), 2);
        outbox.end(CloseReason::Normal);
        outbox.changed().await;
        assert_eq!(outbox.take().end, Some(CloseReason::Normal));
    }
}
