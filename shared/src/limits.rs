//! The numbers that both sides must agree on. What an operator can set is the server's own and not here.

use std::time::Duration;

/// Longest WebSocket message that the server reads, in bytes. A longer one ends the connection with 1009.
pub const FRAME_BYTES: usize = 64 * 1024;

/// Longest message body, in bytes of UTF-8.
pub const BODY_BYTES: usize = 16 * 1024;

/// Longest room name, in Unicode scalar values.
pub const ROOM_CHARS: usize = 128;

/// Longest display name, in Unicode scalar values.
pub const NAME_CHARS: usize = 64;

/// Longest nonce, in ASCII characters.
pub const NONCE_CHARS: usize = 64;

/// Longest position, in ASCII characters.
pub const POSITION_CHARS: usize = 96;

/// Longest user id, in ASCII characters.
pub const USER_ID_CHARS: usize = 64;

/// Messages in a page of history when the request does not say how many.
pub const PAGE: usize = 50;

/// Most messages that one page may hold; a larger request is cut to it.
pub const PAGE_MAX: usize = 100;

/// Most messages that a returning client is brought up to date with; beyond it gets the newest page instead.
pub const RECOVERY_MAX: usize = 500;

/// For how long a repeated nonce is answered with the position of the first try.
pub const NONCE_WINDOW: Duration = Duration::from_secs(600);

/// People that a `joined` reply lists by name; the count beside it is complete.
pub const PEOPLE_LISTED: usize = 100;
