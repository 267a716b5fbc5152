//! An outbox in the browser's storage: a JSON list of messages.

use serde_json::Value as Json;
use shared::{
    error::ErrorCode,
    table::{self, Shape, Unreadable, Value, Writer, record},
    text::{Body, Nonce, Room},
};

use super::message::{PendingMessage, Stopped, Tried};

record! {
    /// A message that waits.
    struct Saved {
        /// See [`PendingMessage::room`].
        room: Room,
        /// See [`PendingMessage::nonce`].
        nonce: Nonce,
        /// See [`PendingMessage::body`].
        body: Body,
        /// See [`PendingMessage::at`].
        at: u64,
        /// The first try, if there was one.
        tried: Option<Tried>,
        /// Why it is not sent by itself.
        stopped: Option<Stopped>,
    }
}

record! {
    /// Why a message was refused.
    struct Failed {
        /// The code of the refusal.
        failed: ErrorCode,
    }
}

/// Stands for [`Stopped::Unsure`].
const UNSURE: &str = "unsure";

/// Reads the messages of a text. Skips those that it cannot read.
pub(super) fn read(text: &str) -> Vec<PendingMessage> {
    let list: Vec<Json> = serde_json::from_str(text).unwrap_or_default();
    let saved = list.into_iter().filter_map(|json| Saved::from_json(json, "outbox").ok());
    saved.map(PendingMessage::from).collect()
}

/// Writes messages as text.
pub(super) fn write(entries: &[PendingMessage]) -> String {
    let saved: Vec<Saved> = entries.iter().cloned().map(Saved::from).collect();
    table::text(&saved)
}

impl From<Saved> for PendingMessage {
    fn from(saved: Saved) -> Self {
        let Saved { room, nonce, body, at, tried, stopped } = saved;
        Self { room, nonce, body, at, tried, stopped, sending: false, missing: false, here_since: 0 }
    }
}

impl From<PendingMessage> for Saved {
    fn from(message: PendingMessage) -> Self {
        let PendingMessage { room, nonce, body, at, tried, stopped, .. } = message;
        Self { room, nonce, body, at, tried, stopped }
    }
}

impl Value for Stopped {
    const SHAPE: Shape = Shape::Text;

    fn from_json(json: Json, name: &'static str) -> Result<Self, Unreadable> {
        match json {
            Json::String(unsure) if unsure == UNSURE => Ok(Self::Unsure),
            json => Failed::from_json(json, name).map(|Failed { failed }| Self::Failed(failed)),
        }
    }

    fn write_json(&self, out: &mut Writer) {
        match *self {
            Self::Failed(failed) => Failed { failed }.write_json(out),
            Self::Unsure => out.string(UNSURE),
        }
    }
}
