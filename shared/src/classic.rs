//! The protocol that Hubbub inherited: three commands, one frame back, to the byte.
//!
//! What it did not define (bad input, loss) is answered by an error frame and the connection lives on.

use crate::{
    command,
    error::{ErrorCode, ProtocolError},
    table::{Fields, Frames, Writer, frames, record},
    text::{Body, Room},
};

frames! {
    /// What a classic client says. Unknown fields are ignored.
    pub enum Command by "type" {
        /// Receive what is said in a room.
        Subscribe(Membership) = "SUBSCRIBE",
        /// Receive it no longer.
        Unsubscribe(Membership) = "UNSUBSCRIBE",
        /// Say something; the room need not be subscribed to.
        Send(Send) = "sendMessage",
    }
}

frames! {
    /// What a classic client hears.
    pub enum Answer by "type" {
        /// Somebody said something in a room that is subscribed to.
        Message(Send) = "sendMessage",
        /// What the inherited protocol does not define.
        Error(Trouble) = "error",
    }
}

record! {
    /// A room to receive or not.
    pub struct Membership {
        /// Which room.
        room: Room,
    }
}

record! {
    /// A message.
    pub struct Send {
        /// Where.
        room as "roomId": Room,
        /// What.
        message: Body,
    }
}

record! {
    /// A refused command, or messages that cannot be had any more.
    pub struct Trouble {
        /// What programs act on: one of the error codes.
        code: ErrorCode,
        /// What people read; its wording may change.
        message: String,
        /// With `messages_lost`: the room.
        room: Option<Room>,
    }
}

impl Command {
    /// Reads one text frame.
    pub fn decode(text: &str) -> Result<Self, ProtocolError> {
        let known = "`type` must be SUBSCRIBE, UNSUBSCRIBE or sendMessage";
        command::decode(&mut Fields::parse(text)?).map_err(|error: ProtocolError| match error.code {
            ErrorCode::UnknownCommand => ProtocolError::new(error.code, known),
            _ => error,
        })
    }

    /// The text frame.
    pub fn encode(&self) -> String {
        encode(self)
    }
}

impl Answer {
    /// Reads one text frame.
    pub fn decode(text: &str) -> Result<Self, ProtocolError> {
        command::decode(&mut Fields::parse(text)?)
    }

    /// The text frame.
    pub fn encode(&self) -> String {
        encode(self)
    }
}

fn encode(frame: &impl Frames) -> String {
    let mut out = Writer::new();
    out.open();
    frame.write_tagged(&mut out);
    out.close();
    out.end()
}

/// The frame that subscribers of `room` receive, from the body as it stands in JSON, quotes included.
pub fn frame(room: &Room, body_json: &str) -> String {
    let mut out = Writer::new();
    out.open();
    out.text("type", "sendMessage");
    out.text("roomId", room.as_str());
    out.name("message");
    out.raw(body_json);
    out.close();
    out.end()
}

/// The frame that tells a classic client what was wrong; `room` where messages of a room were lost.
pub fn error_frame(error: &ProtocolError, room: Option<&Room>) -> String {
    let ProtocolError { code, message, retry_after_ms: _ } = error.clone();
    Answer::Error(Trouble { code, message, room: room.cloned() }).encode()
}
