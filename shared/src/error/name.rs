//! Codes as they go over the wire, without a library that reads and writes them.

use super::ErrorCode;

impl ErrorCode {
    /// How the code is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::BinaryFrame => "binary_frame",
            Self::UnknownCommand => "unknown_command",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::RoomEmpty => "room_empty",
            Self::RoomTooLong => "room_too_long",
            Self::NameEmpty => "name_empty",
            Self::NameTooLong => "name_too_long",
            Self::NameForbidden => "name_forbidden",
            Self::MessageEmpty => "message_empty",
            Self::MessageTooLong => "message_too_long",
            Self::NonceInvalid => "nonce_invalid",
            Self::PositionInvalid => "position_invalid",
            Self::HelloFirst => "hello_first",
            Self::HelloTwice => "hello_twice",
            Self::NotJoined => "not_joined",
            Self::TooManyRooms => "too_many_rooms",
            Self::RateLimited => "rate_limited",
            Self::TooManyNewRooms => "too_many_new_rooms",
            Self::TooManyWaiting => "too_many_waiting",
            Self::NotAllowed => "not_allowed",
            Self::TokenInvalid => "token_invalid",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::StorageFull => "storage_full",
            Self::Overloaded => "overloaded",
            Self::MessagesLost => "messages_lost",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
        }
    }

    /// The code of this name; [`Unknown`](Self::Unknown) if this build does not know it.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|code| code.name() == name).unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn names_are_what_serde_writes() {
        for code in ErrorCode::ALL.into_iter().chain([ErrorCode::Unknown]) {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert_eq!(ErrorCode::named(code.name()), code);
        }
        assert_eq!(ErrorCode::named("on_fire"), ErrorCode::Unknown);
    }
}
