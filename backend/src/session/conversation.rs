//! What a session says and asks, whichever dialect it speaks: who it is, which rooms it is in, what it may do.

use std::{
    mem,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use shared::{
    error::{ErrorCode, ProtocolError},
    text::Room,
};

use super::{context::NodeContext, refusal};
use crate::{
    hub::{live::Member, sessions::SessionHandle},
    identity::Principal,
    outbox::Outbox,
    peer::{Dialect, SessionId},
    policy::{self, Action, Verdict},
};

/// One peer and what is known of it.
pub(super) struct Conversation {
    pub(super) id: SessionId,
    pub(super) dialect: Dialect,
    pub(super) address: IpAddr,
    pub(super) outbox: Arc<Outbox>,
    pub(super) node: Arc<NodeContext>,
    pub(super) principal: Option<Principal>,
    /// Which rooms it is in, and what happens elsewhere to whom it is.
    pub(super) handle: Arc<SessionHandle>,
}

impl Conversation {
    pub(super) fn new(handle: Arc<SessionHandle>, address: IpAddr, node: Arc<NodeContext>) -> Self {
        let SessionHandle { id, dialect, ref outbox, .. } = *handle;
        let outbox = outbox.clone();
        let principal = match dialect {
            Dialect::Classic => Some(Principal::classic()),
            Dialect::V1 => None,
        };
        Self { id, dialect, address, outbox, node, principal, handle }
    }

    /// Whether it is known who this is.
    pub(super) fn greeted(&self) -> bool {
        self.principal.is_some()
    }

    /// Leaves every room, without waiting.
    pub(super) fn leave_all(&mut self) {
        for room in mem::take(&mut *self.handle.rooms()) {
            self.node.hub.leave(&room, self.id);
        }
    }

    /// Whether one more room may be entered.
    pub(super) fn has_place_for(&self, room: &Room) -> Result<(), ProtocolError> {
        let most = self.node.settings.rooms;
        let rooms = self.handle.rooms();
        if rooms.len() < most || rooms.contains(room) {
            return Ok(());
        }
        Err(ProtocolError::new(ErrorCode::TooManyRooms, format!("at most {most} rooms on one connection")))
    }

    /// Takes over the name that this person has chosen elsewhere since; true if there was one.
    pub(super) fn follow_rename(&mut self) -> bool {
        match (self.handle.new_name(), &mut self.principal) {
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
        let (addresses, address) = (self.node.addresses.clone(), self.address);
        move |now| addresses.new_room(address, now)
    }
}

/// Asks the policy; answers the version of the rights that it decided by.
pub(super) fn allowed(principal: &Principal, room: &Room, action: Action) -> Result<u64, ProtocolError> {
    match policy::decide(principal, room, action) {
        Verdict::Allowed(rights) => Ok(rights),
        Verdict::Refused => Err(refusal::not_allowed()),
    }
}
