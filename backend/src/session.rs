//! One WebSocket connection: reads commands, writes what waits, keeps the peer honest.
//!
//! It sees a stream and a sink of its own types, never a socket type. Room commands are done one after the other;
//! sends are handed to the broker in order and answered as their acks come.
//!
//! In reading order: [`wire`] (what goes in and out), [`context`] (what sessions share), `conversation` (what both
//! dialects share), `publication` (storing an entry), `step` (what follows from a frame), `dialect`, `v1` and `classic`.

mod classic;
pub mod context;
mod conversation;
mod dialect;
mod publication;
mod refusal;
mod step;
mod v1;
pub mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt, stream::FuturesUnordered};
use shared::{
    close::CloseReason,
    error::{ErrorCode, ProtocolError},
};
use tokio::time::{Sleep, sleep, timeout};

pub use self::context::{NodeContext, SessionSettings};
use self::{
    conversation::Conversation,
    publication::Ack,
    step::{Step, Task},
    wire::{Incoming, Outgoing, Wire},
};
use crate::{
    limits::{Bucket, Pace},
    outbox::{Outbox, Pending},
    peer::Dialect,
};

/// Sends of one session that may wait for their acks. Beyond it the session is not read until some have come.
pub(crate) const WAITING: usize = 256;

/// Refused commands in excess of the rate after which the session ends, as part of the burst.
pub(crate) const PATIENCE: u32 = 4;

/// How long a goodbye may take to be written.
const GOODBYE: Duration = Duration::from_secs(1);

/// Runs a session from the upgrade to its end.
pub async fn run(
    mut wire: impl Wire,
    dialect: Dialect,
    address: std::net::IpAddr,
    node: Arc<NodeContext>,
) -> CloseReason {
    let outbox = Arc::new(Outbox::new(node.settings.outbox_bytes));
    let handle = node.hub.sessions().add(dialect, outbox.clone());
    let id = handle.id;
    let mut session = Session {
        conversation: Conversation::new(handle, address, node.clone()),
        bucket: None,
        excess: 0,
        outbox,
        node,
    };
    let reason = session.serve(&mut wire).await;
    session.conversation.leave_all();
    session.node.hub.sessions().remove(id);
    session.node.metrics.closed(reason);
    // The peer may be gone, or its socket full; it has had its time.
    let goodbye = async {
        let _gone = wire.send(Outgoing::Close(reason)).await;
        let _gone = wire.close().await;
    };
    let _late = timeout(GOODBYE, goodbye).await;
    reason
}

struct Session {
    conversation: Conversation,
    /// Made at the first command: an idle session does not pay for it.
    bucket: Option<Bucket>,
    excess: u32,
    outbox: Arc<Outbox>,
    node: Arc<NodeContext>,
}

impl Session {
    async fn serve(&mut self, wire: &mut impl Wire) -> CloseReason {
        let mut acks: FuturesUnordered<Ack> = FuturesUnordered::new();
        let mut timer = Box::pin(sleep(self.first_wait()));
        let mut pinged = false;
        loop {
            tokio::select! {
                () = self.outbox.changed() => {
                    if let Some(reason) = self.write(wire).await {
                        return reason;
                    }
                }
                incoming = wire.next(), if acks.len() < WAITING => {
                    pinged = false;
                    match incoming {
                        Some(Ok(incoming)) => match self.take(incoming, &mut acks, wire).await {
                            Some(reason) => return reason,
                            None => self.rearm(&mut timer),
                        },
                        Some(Err(reason)) => return reason,
                        None => return CloseReason::Normal,
                    }
                }
                Some(frame) = acks.next(), if !acks.is_empty() => self.outbox.push(frame),
                () = &mut timer => {
                    if !self.conversation.greeted() {
                        return CloseReason::NoHello;
                    }
                    if pinged {
                        return CloseReason::Unresponsive;
                    }
                    pinged = true;
                    timer.as_mut().reset(tokio::time::Instant::now() + self.node.settings.pong_timeout);
                    match timeout(self.node.settings.write_timeout, wire.send(Outgoing::Ping)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(reason)) => return reason,
                        Err(_) => return CloseReason::Slow,
                    }
                }
            }
        }
    }

    fn first_wait(&self) -> Duration {
        let settings = &self.node.settings;
        if self.conversation.greeted() { settings.ping_interval } else { settings.hello_timeout }
    }

    /// Something came: the next ping is due a whole interval later. The deadline for hello does not move.
    fn rearm(&self, timer: &mut std::pin::Pin<Box<Sleep>>) {
        if self.conversation.greeted() {
            timer.as_mut().reset(tokio::time::Instant::now() + self.node.settings.ping_interval);
        }
    }

    /// Does what the peer asked. `Some` ends the session.
    async fn take(
        &mut self,
        incoming: Incoming,
        acks: &mut FuturesUnordered<Ack>,
        wire: &mut impl Wire,
    ) -> Option<CloseReason> {
        let step = match incoming {
            // It asks for nothing, but a ping is answered all the same.
            Incoming::Pong if self.within_rate() => return None,
            Incoming::Pong => return self.is_flooding().then_some(CloseReason::Flooding),
            Incoming::Closed => return Some(CloseReason::Normal),
            Incoming::Text(_) | Incoming::Binary if !self.within_rate() => {
                if self.is_flooding() {
                    return Some(CloseReason::Flooding);
                }
                let text = match &incoming {
                    Incoming::Text(text) => std::str::from_utf8(text).unwrap_or_default(),
                    Incoming::Binary | Incoming::Pong | Incoming::Closed => "",
                };
                dialect::refuse(
                    &self.conversation,
                    text,
                    ProtocolError {
                        retry_after_ms: Some(1000),
                        ..ProtocolError::new(ErrorCode::RateLimited, "too many commands, slow down")
                    },
                )
            }
            Incoming::Text(text) => match std::str::from_utf8(&text) {
                Ok(text) => dialect::hear(&mut self.conversation, text),
                Err(_) => return Some(CloseReason::InvalidText),
            },
            Incoming::Binary => dialect::refuse(
                &self.conversation,
                "",
                ProtocolError::new(ErrorCode::BinaryFrame, "frames are text, not binary"),
            ),
        };
        match step {
            Step::Say(frame) => self.outbox.push(frame),
            Step::Await(ack) => acks.push(ack),
            Step::Do(task) => match self.perform(task, wire).await {
                Ok(ack) => acks.extend(ack),
                Err(reason) => return Some(reason),
            },
        }
        None
    }

    /// Waits for a task, writing meanwhile what waits. An error ends the session.
    async fn perform(&mut self, task: Task, wire: &mut impl Wire) -> Result<Option<Ack>, CloseReason> {
        let outbox = self.outbox.clone();
        let write_timeout = self.node.settings.write_timeout;
        let mut done = Box::pin(dialect::perform(&mut self.conversation, task));
        loop {
            tokio::select! {
                ack = &mut done => return Ok(ack),
                () = outbox.changed() => {
                    if let Some(reason) = write(&outbox, wire, write_timeout).await {
                        return Err(reason);
                    }
                }
            }
        }
    }

    async fn write(&self, wire: &mut impl Wire) -> Option<CloseReason> {
        write(&self.outbox, wire, self.node.settings.write_timeout).await
    }

    /// Counts what exceeded the rate; whether that is too much.
    fn is_flooding(&mut self) -> bool {
        self.excess += 1;
        self.excess > self.node.settings.command_burst.saturating_mul(PATIENCE)
    }

    fn within_rate(&mut self) -> bool {
        let settings = &self.node.settings;
        let now = Instant::now();
        let pace = Pace::per_second(settings.command_burst, settings.command_rate);
        self.bucket.get_or_insert_with(|| Bucket::full(now)).take(&pace, 1, now).is_ok()
    }
}

/// Writes all that waits, each time in one flush. `Some` ends the session: it was told to, or the peer does not read.
async fn write(outbox: &Outbox, wire: &mut impl Wire, deadline: Duration) -> Option<CloseReason> {
    loop {
        let Pending { frames, end } = outbox.take();
        if frames.is_empty() {
            return end;
        }
        let writing = async {
            for frame in frames {
                wire.feed(Outgoing::Text(frame)).await?;
            }
            wire.flush().await
        };
        tokio::select! {
            written = timeout(deadline, writing) => match written {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => return Some(reason),
                Err(_) => return Some(CloseReason::Slow),
            },
            () = overflow(outbox) => return Some(CloseReason::Slow),
        }
    }
}

/// Resolves when the outbox overflows while its session is busy writing.
async fn overflow(outbox: &Outbox) {
    loop {
        outbox.changed().await;
        if outbox.ending() == Some(CloseReason::Slow) {
            return;
        }
    }
}
