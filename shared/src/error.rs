//! How a request fails: a stable code, a sentence for people, and whether trying again makes sense.

mod name;

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// A refused request, or trouble that the server reports on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code:?}: {message}")]
pub struct ProtocolError {
    /// What programs act on.
    pub code: ErrorCode,
    /// What people read; its wording may change.
    pub message: String,
    /// Milliseconds after which a new try can succeed, where the server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ProtocolError {
    /// An error without a time to wait.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }
}

impl From<Invalid> for ProtocolError {
    fn from(invalid: Invalid) -> Self {
        Self::new(invalid.code(), invalid.to_string())
    }
}

/// Stable names of everything that can be refused. The connection lives on after each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is not a JSON object (syntax, nesting, lone surrogate).
    BadJson,
    /// A binary frame; both dialects are text.
    BinaryFrame,
    /// `type` is missing or names no command.
    UnknownCommand,
    /// A field that the command needs is not there.
    MissingField,
    /// A field is there and has another JSON type than it must.
    WrongType,
    /// The room name is empty.
    RoomEmpty,
    /// The room name is too long.
    RoomTooLong,
    /// The name is blank.
    NameEmpty,
    /// The name is too long.
    NameTooLong,
    /// The name holds characters that a name may not have.
    NameForbidden,
    /// The message is empty.
    MessageEmpty,
    /// The message is too long.
    MessageTooLong,
    /// The nonce is malformed.
    NonceInvalid,
    /// The position or user id is malformed.
    PositionInvalid,
    /// `hello` must come first.
    HelloFirst,
    /// `hello` came a second time.
    HelloTwice,
    /// The room was not joined on this connection.
    NotJoined,
    /// One room more than a connection may join.
    TooManyRooms,
    /// Commands arrive faster than allowed.
    RateLimited,
    /// New rooms are made from this address faster than allowed.
    TooManyNewRooms,
    /// Too many sends of this connection wait for their answer.
    TooManyWaiting,
    /// The policy of the room says no.
    NotAllowed,
    /// The token was malformed, forged, expired or revoked; the connection goes on as a new guest.
    TokenInvalid,
    /// Not stored: the broker cannot be reached. Try again.
    Unavailable,
    /// No answer in time: it may have been stored. Try again with the same nonce.
    Timeout,
    /// Not stored: the store has no space left.
    StorageFull,
    /// Not stored: too much waits for the broker already.
    Overloaded,
    /// A run of messages of this room cannot be had any more.
    MessagesLost,
    /// A defect of the server.
    Internal,
    /// A code that this build does not know.
    #[serde(other)]
    Unknown,
}

/// What a client should do with a `send` that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request will be refused again.
    Never,
    /// Send it again, with the same nonce, after a while.
    SameNonce,
}

impl ErrorCode {
    /// Every code that a server of this version sends.
    pub const ALL: [Self; 29] = [
        Self::BadJson,
        Self::BinaryFrame,
        Self::UnknownCommand,
        Self::MissingField,
        Self::WrongType,
        Self::RoomEmpty,
        Self::RoomTooLong,
        Self::NameEmpty,
        Self::NameTooLong,
        Self::NameForbidden,
        Self::MessageEmpty,
        Self::MessageTooLong,
        Self::NonceInvalid,
        Self::PositionInvalid,
        Self::HelloFirst,
        Self::HelloTwice,
        Self::NotJoined,
        Self::TooManyRooms,
        Self::RateLimited,
        Self::TooManyNewRooms,
        Self::TooManyWaiting,
        Self::NotAllowed,
        Self::TokenInvalid,
        Self::Unavailable,
        Self::Timeout,
        Self::StorageFull,
        Self::Overloaded,
        Self::MessagesLost,
        Self::Internal,
    ];

    /// Whether a `send` with this answer is worth repeating.
    pub const fn retry(self) -> Retry {
        match self {
            Self::RateLimited
            | Self::TooManyNewRooms
            | Self::TooManyWaiting
            | Self::HelloFirst
            | Self::Unavailable
            | Self::Timeout
            | Self::StorageFull
            | Self::Overloaded
            | Self::Internal => Retry::SameNonce,
            Self::BadJson
            | Self::BinaryFrame
            | Self::UnknownCommand
            | Self::MissingField
            | Self::WrongType
            | Self::RoomEmpty
            | Self::RoomTooLong
            | Self::NameEmpty
            | Self::NameTooLong
            | Self::NameForbidden
            | Self::MessageEmpty
            | Self::MessageTooLong
            | Self::NonceInvalid
            | Self::PositionInvalid
            | Self::HelloTwice
            | Self::NotJoined
            | Self::TooManyRooms
            | Self::NotAllowed
            | Self::TokenInvalid
            | Self::MessagesLost
            | Self::Unknown => Retry::Never,
        }
    }
}
