//! How the failures of the layers below are told to a client.

use std::time::Duration;

use shared::error::{ErrorCode, ProtocolError};

use crate::{
    broker::{BrokerError, StateError},
    clock,
    hub::join::JoinError,
};

/// A failed publish or read.
pub(super) fn of_broker(error: &BrokerError) -> ProtocolError {
    let code = match error {
        BrokerError::Unavailable(_) => ErrorCode::Unavailable,
        BrokerError::Unknown => ErrorCode::Timeout,
        BrokerError::Full(_) => ErrorCode::StorageFull,
        BrokerError::Overloaded => ErrorCode::Overloaded,
        BrokerError::Stale(_) => ErrorCode::NotAllowed,
        BrokerError::Gone => ErrorCode::MessageGone,
    };
    ProtocolError::new(code, error.to_string())
}

/// A failed join.
pub(super) fn of_join(error: &JoinError) -> ProtocolError {
    match error {
        JoinError::Broker(error) => of_broker(error),
        JoinError::NewRoom(wait) => too_many_new_rooms(*wait),
    }
}

/// A failure of the state.
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

/// The address has made too many rooms; the next one is allowed after the wait.
pub(super) fn too_many_new_rooms(wait: Duration) -> ProtocolError {
    ProtocolError {
        retry_after_ms: Some(clock::millis(wait)),
        ..ProtocolError::new(ErrorCode::TooManyNewRooms, "too many new rooms from this address")
    }
}

/// The policy says no.
pub(super) fn not_allowed() -> ProtocolError {
    ProtocolError::new(ErrorCode::NotAllowed, "not allowed in this room")
}
