//! What a session says and asks, whichever dialect it speaks: who it is, which rooms it is in, what it may do.

use std::{
    mem,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use shared::{
    command::Command,
    error::{ErrorCode, ProtocolError},
    text::{Body, Nonce, Room},
};

use super::{
    Dialect, SessionId, Shared, classic,
    outbox::{Frame, Outbox},
    v1,
};
use crate::{
    broker::{BrokerError, Draft, Record, StateError, Stored},
    clock,
    hub::{join::JoinError, live::Member, sessions::Seat},
    identity::Principal,
    policy::{self, Action, Verdict},
};

/// What follows from one frame of the peer.
pub(super) enum Step {
    /// Say this.
    Say(Frame),
    /// Say what comes of this, whenever it comes.
    Await(BoxFuture<'static, Frame>),
    /// Do this before anything else is read.
    Do(Task),
}

/// Something that is done before the next frame is read.
#[derive(Debug)]
pub(super) enum Task {
    /// A command of the v1 dialect, with its request id.
    V1(u64, Command),
    /// Enter a room (classic).
    Subscribe(Room),
}

/// One peer and what is known of it.
pub(super) struct Conversation {
    pub(super) id: SessionId,
    pub(super) dialect: Dialect,
    pub(super) address: IpAddr,
    pub(super) outbox: Arc<Outbox>,
    pub(super) shared: Arc<Shared>,
    pub(super) principal: Option<Principal>,
    /// Which rooms it is in, and what happens elsewhere to whom it is.
    pub(super) seat: Arc<Seat>,
}

impl Conversation {
    pub(super) fn new(seat: Arc<Seat>, address: IpAddr, shared: Arc<Shared>) -> Self {
        let Seat { id, dialect, ref outbox, .. } = *seat;
        let outbox = outbox.clone();
        let principal = match dialect {
            Dialect::Classic => Some(Principal::classic()),
            Dialect::V1 => None,
        };
        Self { id, dialect, address, outbox, shared, principal, seat }
    }

    /// Whether it is known who this is.
    pub(super) fn greeted(&self) -> bool {
        self.principal.is_some()
    }

    /// One text frame.
    pub(super) fn hear(&mut self, text: &str) -> Step {
        match self.dialect {
            Dialect::Classic => classic::hear(self, text),
            Dialect::V1 => v1::hear(self, text),
        }
    }

    /// Refuses a frame that could not be read.
    pub(super) fn refuse(&self, error: ProtocolError) -> Step {
        self.refuse_to("", error)
    }

    /// Refuses a frame that is not looked at, but for its request id.
    pub(super) fn refuse_to(&self, frame: &str, error: ProtocolError) -> Step {
        self.shared.metrics.refusals.inc();
        Step::Say(match self.dialect {
            Dialect::Classic => classic::refusal(&error),
            Dialect::V1 => v1::refusal(v1::request_id(frame), error),
        })
    }

    /// Does a task; what is to be said goes to the outbox.
    pub(super) async fn perform(&mut self, task: Task) {
        match task {
            Task::V1(request, command) => v1::perform(self, request, command).await,
            Task::Subscribe(room) => classic::subscribe(self, room).await,
        }
    }

    /// Leaves every room, without waiting.
    pub(super) fn leave_all(&mut self) {
        for room in mem::take(&mut *self.seat.rooms()) {
            self.shared.hub.leave(&room, self.id);
        }
    }

    /// Hands a message to the broker. Queued in order before it returns.
    pub(super) fn publish(
        &self,
        principal: &Principal,
        room: &Room,
        nonce: Nonce,
        body: &Body,
    ) -> Result<BoxFuture<'static, Result<Stored, ProtocolError>>, ProtocolError> {
        let rights = allowed(principal, room, Action::Send)?;
        let record = Record::message(clock::now_ms(), &principal.sender, &nonce, body);
        let (sends, bytes) = (&self.shared.sends, record.wire().len());
        sends
            .take(&principal.sender.id, self.address, room, bytes, Instant::now())
            .map_err(|wait| rate_limited(wait, "too many messages to this room, slow down"))?;
        let draft =
            Draft { sender: principal.sender.id.clone(), nonce, counts: true, amends: None, rights, record };
        let metrics = self.shared.metrics.clone();
        let core = self.shared.hub.broker().core.clone();
        let publish = move |room: &Room, draft| {
            core.publish(room, draft).map(move |stored| match stored {
                Ok(stored) => {
                    metrics.acks.inc();
                    Ok(stored)
                }
                Err(error) => {
                    metrics.refusals.inc();
                    Err(of_broker(&error))
                }
            })
        };
        if self.address.is_loopback() || self.seat.rooms().contains(room) {
            return Ok(publish(room, draft).boxed());
        }
        // A message can make a room, too, and rooms are paced per address.
        let (core, room, address) = (self.shared.hub.broker().core.clone(), room.clone(), self.address);
        let addresses = self.shared.addresses.clone();
        Ok(async move {
            let heads = core.heads(std::slice::from_ref(&room)).await.map_err(|error| of_broker(&error))?;
            if heads.first().is_none_or(shared::text::Position::is_start) {
                addresses.new_room(address, Instant::now()).map_err(too_many_new_rooms)?;
            }
            publish(&room, draft).await
        }
        .boxed())
    }

    /// Whether one more room may be entered.
    pub(super) fn has_place_for(&self, room: &Room) -> Result<(), ProtocolError> {
        let most = self.shared.settings.rooms;
        let rooms = self.seat.rooms();
        if rooms.len() < most || rooms.contains(room) {
            return Ok(());
        }
        Err(ProtocolError::new(ErrorCode::TooManyRooms, format!("at most {most} rooms on one connection")))
    }

    /// Takes over the name that this person has chosen elsewhere since; true if there was one.
    pub(super) fn follow_rename(&mut self) -> bool {
        match (self.seat.new_name(), &mut self.principal) {
            (Some(name), Some(principal)) => principal.follow(name),
            (Some(_) | None, _) => false,
        }
    }

    /// This session as a member of a room.
    pub(super) fn member(&self, principal: &Principal) -> Member {
        Member {
            session: self.id,
            dialect: self.dialect,
            outbox: self.outbox.clone(),
            person: principal.occupant(),
        }
    }

    /// Whether this address may open a room without history.
    pub(super) fn may_open(&self) -> impl Fn(Instant) -> Result<(), Duration> + Send + Sync + 'static {
        let (addresses, address) = (self.shared.addresses.clone(), self.address);
        move |now| addresses.new_room(address, now)
    }
}

/// Asks the policy; answers the version of the rights that it decided by.
pub(super) fn allowed(principal: &Principal, room: &Room, action: Action) -> Result<u64, ProtocolError> {
    match policy::decide(principal, room, action) {
        Verdict::Allowed(rights) => Ok(rights),
        Verdict::Refused => Err(ProtocolError::new(ErrorCode::NotAllowed, "not allowed in this room")),
    }
}

/// How a failed publish or read is told.
pub(super) fn of_broker(error: &BrokerError) -> ProtocolError {
    let code = match error {
        BrokerError::Unavailable(_) => ErrorCode::Unavailable,
        BrokerError::Unknown => ErrorCode::Timeout,
        BrokerError::Full(_) => ErrorCode::StorageFull,
        BrokerError::Overloaded => ErrorCode::Overloaded,
        BrokerError::Stale(_) => ErrorCode::NotAllowed,
        BrokerError::Gone => ErrorCode::PositionInvalid,
    };
    ProtocolError::new(code, error.to_string())
}

/// How a failed join is told.
pub(super) fn of_join(error: &JoinError) -> ProtocolError {
    match error {
        JoinError::Broker(error) => of_broker(error),
        JoinError::NewRoom(wait) => too_many_new_rooms(*wait),
    }
}

/// How trouble with the state is told.
pub(super) fn of_state(error: &StateError) -> ProtocolError {
    let code = match error {
        StateError::Conflict(_) => ErrorCode::Internal,
        StateError::Unavailable(_) => ErrorCode::Unavailable,
        StateError::Unknown => ErrorCode::Timeout,
    };
    ProtocolError::new(code, error.to_string())
}

/// Something comes too often; it is allowed again after the wait.
pub(super) fn rate_limited(wait: Duration, what: &'static str) -> ProtocolError {
    ProtocolError {
        retry_after_ms: Some(clock::millis(wait).max(1)),
        ..ProtocolError::new(ErrorCode::RateLimited, what)
    }
}

fn too_many_new_rooms(wait: Duration) -> ProtocolError {
    ProtocolError {
        retry_after_ms: Some(clock::millis(wait)),
        ..ProtocolError::new(ErrorCode::TooManyNewRooms, "too many new rooms from this address")
    }
}
