//! A message that is not known to be stored.

use shared::{
    error::ErrorCode,
    limits,
    table::record,
    text::{Body, Nonce, Position, Room, UserId},
};

/// How long the server surely recognises a repeated nonce, in milliseconds: its window less a minute, since the
/// server's clock started when the try arrived and a repeat needs time to arrive.
#[expect(clippy::cast_possible_truncation, reason = "ten minutes")]
pub const SAFE_MS: u64 = limits::NONCE_WINDOW.as_millis() as u64 - 60_000;

/// A message that is not known to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMessage {
    /// Its room.
    pub room: Room,
    /// The same on every try.
    pub nonce: Nonce,
    /// Its text.
    pub body: Body,
    /// When it was written, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The first try, if there was one.
    pub(super) tried: Option<Tried>,
    pub(super) stopped: Option<Stopped>,
    /// The page waits for a reply on the present connection.
    pub(super) sending: bool,
    /// The page has seen the history since before the first try, without this message.
    pub(super) missing: bool,
    /// Since when this outbox has it, in milliseconds since the Unix epoch; 0: always. The page did not compare the
    /// history before that with it.
    pub(super) here_since: u64,
}

record! {
    /// A try to send a message.
    pub(super) struct Tried {
        /// When, in milliseconds since the Unix epoch.
        at: u64,
        /// How often.
        times: u32,
        /// As whom: a nonce is recognised per person.
        by: UserId,
        /// The newest position of the room then, as far as was known.
        after: Option<Position>,
    }
}

/// Why the page does not send it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    Failed(ErrorCode),
    Unsure,
}

impl PendingMessage {
    /// Stops a message that another try could store twice. Returns whether the message is stopped.
    pub(super) fn settle(&mut self, me: Option<&UserId>, now: u64) -> bool {
        if let Some(tried) = &self.tried {
            let recognised = me.is_none_or(|me| tried.by == *me) && now.saturating_sub(tried.at) < SAFE_MS;
            if !self.missing && !recognised {
                self.stopped = Some(Stopped::Unsure);
            }
        }
        self.stopped.is_some()
    }
}
