//! One WebSocket connection: reads commands, writes what waits, keeps the peer honest.
//!
//! It sees a stream and a sink of its own types, never a socket type. Room commands are done one after the other;
//! sends are handed to the broker in order and answered as their acks come.
//!
//! In reading order: [`outbox`], [`wire`] (what goes in and out), `conversation` (what both dialects share),
//! `v1` and `classic`.

mod classic;
mod conversation;
pub mod outbox;
mod v1;
pub mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use shared::{
    close::CloseReason,
    error::{ErrorCode, ProtocolError},
};
use tokio::time::{Sleep, sleep, timeout};

use self::{
    conversation::{Conversation, Step},
    outbox::{Batch, Frame, Outbox},
    wire::{Incoming, Outgoing, Wire},
};
use crate::{
    hub::Hub,
    identity::Identity,
    limits::{Addresses, Bucket, Pace, Sends},
    metrics::Metrics,
};

/// Sends of one session that may wait for their acks. Beyond it the session is not read until some have come.
pub(crate) const WAITING: usize = 256;

/// Refused commands in excess of the rate after which the session ends, as part of the burst.
pub(crate) const PATIENCE: u32 = 4;

/// How long a goodbye may take to be written.
const GOODBYE: Duration = Duration::from_secs(1);

/// Names a session within its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub u64);

/// The two languages of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The inherited protocol.
    Classic,
    /// `hubbub.v1`.
    V1,
}

/// The bounds of a session.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Rooms it may be in.
    pub rooms: usize,
    /// Commands at once.
    pub command_burst: u32,
    /// Commands per second after that.
    pub command_rate: u32,
    /// Bytes that may wait in its outbox.
    pub outbox_bytes: usize,
    /// For hello.
    pub hello_timeout: Duration,
    /// Between pings to a silent peer.
    pub ping_interval: Duration,
    /// For the answer to a ping.
    pub pong_timeout: Duration,
    /// For writing what waits.
    pub write_timeout: Duration,
}

/// What all sessions of a node share.
#[derive(Debug)]
pub struct Shared {
    /// The rooms.
    pub hub: Arc<Hub>,
    /// Who is who.
    pub identity: Identity,
    /// The instruments.
    pub metrics: Arc<Metrics>,
    /// The bounds.
    pub settings: SessionSettings,
    /// What each address has used up.
    pub addresses: Arc<Addresses>,
    /// What has been sent lately.
    pub sends: Sends,
    /// The name of the node, for `welcome`.
    pub node: String,
}

/// Runs a session from the upgrade to its end.
pub async fn run(
    mut wire: impl Wire,
    dialect: Dialect,
    address: std::net::IpAddr,
    shared: Arc<Shared>,
) -> CloseReason {
    let outbox = Arc::new(Outbox::new(shared.settings.outbox_bytes));
    let seat = shared.hub.sessions().add(dialect, outbox.clone());
    let id = seat.id;
    let mut session = Session {
        conversation: Conversation::new(seat, address, shared.clone()),
        bucket: None,
        excess: 0,
        outbox,
        shared,
    };
    let reason = session.serve(&mut wire).await;
    session.conversation.leave_all();
    session.shared.hub.sessions().remove(id);
    session.shared.metrics.closed(reason);
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
    shared: Arc<Shared>,
}

impl Session {
    async fn serve(&mut self, wire: &mut impl Wire) -> CloseReason {
        let mut acks: FuturesUnordered<BoxFuture<'static, Frame>> = FuturesUnordered::new();
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
                    timer.as_mut().reset(tokio::time::Instant::now() + self.shared.settings.pong_timeout);
                    match timeout(self.shared.settings.write_timeout, wire.send(Outgoing::Ping)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(reason)) => return reason,
                        Err(_) => return CloseReason::Slow,
                    }
                }
            }
        }
    }

    fn first_wait(&self) -> Duration {
        let settings = &self.shared.settings;
        if self.conversation.greeted() { settings.ping_interval } else { settings.hello_timeout }
    }

    /// Something came: the next ping is due a whole interval later. The deadline for hello does not move.
    fn rearm(&self, timer: &mut std::pin::Pin<Box<Sleep>>) {
        if self.conversation.greeted() {
            timer.as_mut().reset(tokio::time::Instant::now() + self.shared.settings.ping_interval);
        }
    }

    /// Does what the peer asked. `Some` ends the session.
    async fn take(
        &mut self,
        incoming: Incoming,
        acks: &mut FuturesUnordered<BoxFuture<'static, Frame>>,
        wire: &mut impl Wire,
    ) -> Option<CloseReason> {
        let step = match incoming {
            Incoming::Pong => return None,
            Incoming::Closed => return Some(CloseReason::Normal),
            Incoming::Text(_) | Incoming::Binary if !self.within_rate() => {
                self.excess += 1;
                if self.excess > self.shared.settings.command_burst.saturating_mul(PATIENCE) {
                    return Some(CloseReason::Flooding);
                }
                let text = match &incoming {
                    Incoming::Text(text) => std::str::from_utf8(text).unwrap_or_default(),
                    Incoming::Binary | Incoming::Pong | Incoming::Closed => "",
                };
                self.conversation.refuse_to(
                    text,
                    ProtocolError {
                        retry_after_ms: Some(1000),
                        ..ProtocolError::new(ErrorCode::RateLimited, "too many commands, slow down")
                    },
                )
            }
            Incoming::Text(text) => match std::str::from_utf8(&text) {
                Ok(text) => self.conversation.hear(text),
                Err(_) => return Some(CloseReason::InvalidText),
            },
            Incoming::Binary => self
                .conversation
                .refuse(ProtocolError::new(ErrorCode::BinaryFrame, "frames are text, not binary")),
        };
        match step {
            Step::Say(frame) => self.outbox.push(frame),
            Step::Await(ack) => acks.push(ack),
            Step::Do(command) => return self.perform(command, wire).await,
        }
        None
    }

    /// Waits for a command that changes rooms or the identity, writing meanwhile what waits.
    async fn perform(&mut self, command: conversation::Task, wire: &mut impl Wire) -> Option<CloseReason> {
        let outbox = self.outbox.clone();
        let write_timeout = self.shared.settings.write_timeout;
        let mut done = Box::pin(self.conversation.perform(command));
        loop {
            tokio::select! {
                () = &mut done => return None,
                () = outbox.changed() => {
                    if let Some(reason) = write(&outbox, wire, write_timeout).await {
                        return Some(reason);
                    }
                }
            }
        }
    }

    async fn write(&self, wire: &mut impl Wire) -> Option<CloseReason> {
        write(&self.outbox, wire, self.shared.settings.write_timeout).await
    }

    fn within_rate(&mut self) -> bool {
        let settings = &self.shared.settings;
        let now = Instant::now();
        let pace = Pace::per_second(settings.command_burst, settings.command_rate);
        self.bucket.get_or_insert_with(|| Bucket::full(now)).take(&pace, 1, now).is_ok()
    }
}

/// Writes all that waits, each time in one flush. `Some` ends the session: it was told to, or the peer does not read.
async fn write(outbox: &Outbox, wire: &mut impl Wire, deadline: Duration) -> Option<CloseReason> {
    loop {
        let Batch { frames, end } = outbox.take();
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
