//! Why a short text breaks the rules of its type.

use crate::limits;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The room name has no characters.
    #[error("a room name has at least one character")]
    RoomEmpty,
    /// The room name is longer than [`limits::ROOM_CHARS`].
    #[error("a room name has at most {} characters", limits::ROOM_CHARS)]
    RoomTooLong,
    /// The display name is blank.
    #[error("a name has at least one visible character")]
    NameEmpty,
    /// The display name is longer than [`limits::NAME_CHARS`].
    #[error("a name has at most {} characters", limits::NAME_CHARS)]
    NameTooLong,
    /// The display name holds control characters or marks that change the direction of the text around it.
    #[error("a name has no control characters, no direction marks and no characters that show nothing")]
    NameForbidden,
    /// The message has no characters.
    #[error("a message has at least one character")]
    BodyEmpty,
    /// The message is longer than [`limits::BODY_BYTES`].
    #[error("a message has at most {} bytes of UTF-8", limits::BODY_BYTES)]
    BodyTooLong,
    /// The nonce is empty, too long, or has other characters than `A–Z a–z 0–9 _ -`.
    #[error("a nonce has 1 to {} characters of A-Z a-z 0-9 _ -", limits::NONCE_CHARS)]
    Nonce,
    /// The position is not one that a server hands out.
    #[error("a position is a text that the server handed out, at most {} characters", limits::POSITION_CHARS)]
    Position,
    /// The user id is not one that a server hands out.
    #[error("a user id has 1 to {} characters of A-Z a-z 0-9 _ -", limits::USER_ID_CHARS)]
    UserId,
    /// The text is not one emoji.
    #[error("a reaction is one emoji")]
    Emoji,
}
