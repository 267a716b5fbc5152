//! The protocol that Hubbub inherited: three commands, one frame back, to the byte.
//!
//! What it did not define (bad input, loss) is answered by an error frame and the connection lives on.

use serde::Serialize;

use crate::{
    error::{ErrorCode, ProtocolError},
    fields::Fields,
    text::{Body, Room},
};

/// What a classic client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
pub enum Command {
    /// Receive what is said in a room.
    #[serde(rename = "SUBSCRIBE")]
    Subscribe {
        /// Which room.
        room: Room,
    },
    /// Receive it no longer.
    #[serde(rename = "UNSUBSCRIBE")]
    Unsubscribe {
        /// Which room.
        room: Room,
    },
    /// Say something; it need not be subscribed to.
    #[serde(rename = "sendMessage", rename_all = "camelCase")]
    Send {
        /// Where.
        room_id: Room,
        /// What.
        message: Body,
    },
}

impl Command {
    /// Reads one text frame. Unknown fields are ignored.
    pub fn decode(text: &str) -> Result<Self, ProtocolError> {
        let mut fields = Fields::parse(text)?;
        Ok(match fields.kind()?.as_str() {
            "SUBSCRIBE" => Self::Subscribe { room: fields.required("room", Room::parse)? },
            "UNSUBSCRIBE" => Self::Unsubscribe { room: fields.required("room", Room::parse)? },
            "sendMessage" => Self::Send {
                room_id: fields.required("roomId", Room::parse)?,
                message: fields.required("message", Body::parse)?,
            },
            _ => {
                let known = "`type` must be SUBSCRIBE, UNSUBSCRIBE or sendMessage";
                return Err(ProtocolError::new(ErrorCode::UnknownCommand, known));
            }
        })
    }
}

/// The frame that subscribers of `room` receive, from the body as it stands in JSON, quotes included.
pub fn frame(room: &Room, body_json: &str) -> String {
    let room = serde_json::to_string(room).unwrap_or_default();
    format!(r#"{{"type":"sendMessage","roomId":{room},"message":{body_json}}}"#)
}

/// The frame that tells a classic client what was wrong: `{"type":"error","code":…,"message":…}`.
pub fn error_frame(error: &ProtocolError) -> String {
    #[derive(Serialize)]
    struct Frame<'a> {
        r#type: &'static str,
        code: ErrorCode,
        message: &'a str,
    }
    serde_json::to_string(&Frame { r#type: "error", code: error.code, message: &error.message })
        .unwrap_or_default()
}
