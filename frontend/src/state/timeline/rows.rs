//! Rows: what the view renders, one after the other.

use shared::{
    error::ErrorCode,
    person::Sender,
    text::{Body, Emoji, Nonce, Position},
};

use crate::time::Day;

/// Identifies a row for as long as it is shown; the view keys by it. A message keeps its key from the key press
/// through sending and confirmation. A key never changes its kind of row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A day line: the day, and how many lines of the same day stand above it (clocks of nodes differ).
    Day(Day, u32),
    /// The line above the first unread message; there is at most one.
    Since,
    /// A break, by a number of its own.
    Break(u64),
    /// A message, by a number of its own.
    Message(u64),
}

/// One row of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// The messages below are of this day.
    Day(Day),
    /// The messages below are new since the time (milliseconds since the Unix epoch) of the first of them.
    Since {
        /// When the first unread message was said.
        at: u64,
    },
    /// Messages may be missing between the row above and the row below.
    Break(Break),
    /// Something that was said.
    Message(MessageRow),
}

/// Why messages may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The server could not bring this page up to date from where it was: what lies between was not loaded.
    NotRecovered,
    /// The server lost a run of messages; nobody can have them any more.
    Lost,
}

/// A message as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The number in its [`RowKey::Message`]; unique on the page, good for element ids.
    pub id: u64,
    /// The sender's mark of it: what `Chat::retry` and
    /// `Chat::delete` want.
    pub nonce: Nonce,
    /// Where it stands in its room; `None` until it is known to be stored.
    pub position: Option<Position>,
    /// Who said it.
    pub sender: Sender,
    /// What tells the sender apart from another person in the log whose name looks the same: the end of their id.
    pub mark: Option<String>,
    /// When, in milliseconds since the Unix epoch: by the node once stored, by this browser before.
    pub at: u64,
    /// What was said; `markup::read` tells what it means.
    pub body: Body,
    /// Continues the group of the message above: same person, same day, at most five minutes apart, nothing between.
    pub cont: bool,
    /// Said by the person at this page, here or elsewhere.
    pub own: bool,
    /// Arrived while the room was on the screen, so that it may be shown as new for a moment.
    pub fresh: bool,
    /// How far it has come.
    pub state: Delivery,
    /// What people react with, in the order of each emoji's first reaction.
    pub reactions: Vec<Reaction>,
}

/// A reaction to a message, by however many people. Only the entries that are loaded count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Which one.
    pub emoji: Emoji,
    /// How many people.
    pub count: usize,
    /// Whether the person at this page is one of them.
    pub own: bool,
}

/// How far a message has come. Only own messages are ever anything but stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the room's history.
    Stored,
    /// On its way. Show nothing for 400 ms, then a clock.
    Sending,
    /// Waits for the connection, or for a message before it.
    Queued,
    /// Refused: Retry, Copy, Delete. It stays, also over reloads.
    Failed(ErrorCode),
    /// It may have been sent: it was tried, too long ago to be tried again safely. Retry, Copy, Delete.
    Unsure,
}

impl Delivery {
    /// Whether the row says how far the message has come. `late`: it has been on its way for so long that it shows.
    pub fn is_told(self, late: bool) -> bool {
        match self {
            Self::Stored => false,
            Self::Sending => late,
            Self::Queued | Self::Failed(_) | Self::Unsure => true,
        }
    }
}
