//! Stable names of everything that can be refused.

use crate::{
    table::{Unreadable, words},
    text::Invalid,
};

words! {
    /// Why a request is refused. The connection lives on after each of them.
    pub enum ErrorCode {
        /// The frame is no JSON object: syntax, nesting deeper than 127, lone surrogate.
        BadJson = "bad_json",
        /// The frame is binary; both dialects are text.
        BinaryFrame = "binary_frame",
        /// `type` is missing or names no command.
        UnknownCommand = "unknown_command",
        /// A field that the command needs is not there.
        MissingField = "missing_field",
        /// A field has another JSON type than it must. A whole number has no fraction and no exponent: `1.0` is none.
        WrongType = "wrong_type",
        /// The room name is empty.
        RoomEmpty = "room_empty",
        /// The room name is over 128 characters.
        RoomTooLong = "room_too_long",
        /// The name has no visible character.
        NameEmpty = "name_empty",
        /// The name is over 64 characters.
        NameTooLong = "name_too_long",
        /// The name has control characters, direction marks, or characters that show nothing.
        NameForbidden = "name_forbidden",
        /// The body is empty.
        MessageEmpty = "message_empty",
        /// The body is over 16384 bytes.
        MessageTooLong = "message_too_long",
        /// The nonce breaks its rule.
        NonceInvalid = "nonce_invalid",
        /// The position breaks its rule. A position that follows the rule and is not in the history is no error.
        PositionInvalid = "position_invalid",
        /// The reaction is not one emoji.
        EmojiInvalid = "emoji_invalid",
        /// Say `hello`, then try again.
        HelloFirst = "hello_first",
        /// `hello` was said already.
        HelloTwice = "hello_twice",
        /// The room is not joined on this connection (reserved).
        NotJoined = "not_joined",
        /// One room more than a connection may join (500).
        TooManyRooms = "too_many_rooms",
        /// Too many commands, messages to this room, bytes of messages, or `forget`; the refused one was not carried out.
        RateLimited = "rate_limited",
        /// This address made too many rooms lately.
        TooManyNewRooms = "too_many_new_rooms",
        /// Too many sends wait for their answer (reserved: the server stops reading instead).
        TooManyWaiting = "too_many_waiting",
        /// The policy of the room says no.
        NotAllowed = "not_allowed",
        /// In `welcome`: the token did not count.
        TokenInvalid = "token_invalid",
        /// The message that was to be changed or reacted to is not in the history.
        MessageGone = "message_gone",
        /// Not stored: the broker cannot be reached.
        Unavailable = "unavailable",
        /// No answer in time: it may have been stored.
        Timeout = "timeout",
        /// Not stored: no space is left.
        StorageFull = "storage_full",
        /// Not stored: too much waits for the broker.
        Overloaded = "overloaded",
        /// Classic only: a run of messages of a room cannot be had any more.
        MessagesLost = "messages_lost",
        /// A defect of the server.
        Internal = "internal",
    }
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
            | Self::EmojiInvalid
            | Self::HelloTwice
            | Self::NotJoined
            | Self::TooManyRooms
            | Self::NotAllowed
            | Self::TokenInvalid
            | Self::MessageGone
            | Self::MessagesLost
            | Self::Unknown => Retry::Never,
        }
    }
}

impl From<Invalid> for ErrorCode {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::RoomEmpty => Self::RoomEmpty,
            Invalid::RoomTooLong => Self::RoomTooLong,
            Invalid::NameEmpty => Self::NameEmpty,
            Invalid::NameTooLong => Self::NameTooLong,
            Invalid::NameForbidden => Self::NameForbidden,
            Invalid::BodyEmpty => Self::MessageEmpty,
            Invalid::BodyTooLong => Self::MessageTooLong,
            Invalid::Nonce => Self::NonceInvalid,
            Invalid::Emoji => Self::EmojiInvalid,
            Invalid::Position | Invalid::UserId => Self::PositionInvalid,
        }
    }
}

impl From<&Unreadable> for ErrorCode {
    fn from(unreadable: &Unreadable) -> Self {
        match unreadable {
            Unreadable::Syntax(_) | Unreadable::NotAnObject => Self::BadJson,
            Unreadable::Missing(_) | Unreadable::NoneOf(_) => Self::MissingField,
            Unreadable::WrongType { .. } => Self::WrongType,
            Unreadable::Text(invalid) => (*invalid).into(),
        }
    }
}
