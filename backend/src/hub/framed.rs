//! An entry together with the frame of each dialect, put together once per node, on first need.

use std::sync::OnceLock;

use shared::{
    classic,
    event::{Event, ServerFrame},
    text::{Position, Room},
};

use crate::{
    broker::Entry,
    session::{Dialect, outbox::Frame},
};

/// A delivered entry.
#[derive(Debug)]
pub struct Framed {
    /// The entry.
    pub entry: Entry,
    v1: OnceLock<Frame>,
    classic: OnceLock<Frame>,
}

impl Framed {
    /// An entry without frames yet.
    pub fn new(entry: Entry) -> Self {
        Self { entry, v1: OnceLock::new(), classic: OnceLock::new() }
    }

    /// The frame for a dialect; empty for a kind that this build does not know.
    pub fn frame(&self, room: &Room, dialect: Dialect) -> Frame {
        match dialect {
            Dialect::V1 => self.v1.get_or_init(|| v1(room, &self.entry)).clone(),
            Dialect::Classic => self.classic.get_or_init(|| classic_frame(room, &self.entry)).clone(),
        }
    }

    /// What the entry costs in memory, about: the record, both frames, and what holds them.
    pub fn bytes(&self) -> usize {
        2 * self.entry.record.wire().len() + self.entry.bytes() + 384
    }
}

/// `Event::Message`, spliced from the record so that the body is not parsed.
fn v1(room: &Room, entry: &Entry) -> Frame {
    let Some(record) = entry.record.json() else { return Frame::new() };
    let room = serde_json::to_string(room).unwrap_or_default();
    let Entry { position, prev, n, .. } = entry;
    let record = &record[1..];
    format!(r#"{{"type":"message","room":{room},"position":"{position}","prev":"{prev}","n":{n},{record}"#)
        .into()
}

fn classic_frame(room: &Room, entry: &Entry) -> Frame {
    entry.record.body_json().map(|body| classic::frame(room, body).into()).unwrap_or_default()
}

/// The frame that says that the messages after `after` up to `through` are gone.
pub fn lost(room: &Room, dialect: Dialect, after: &Position, through: &Position) -> Frame {
    match dialect {
        Dialect::V1 => {
            let event = Event::Lost { room: room.clone(), after: after.clone(), through: through.clone() };
            ServerFrame::Event(event).encode().into()
        }
        Dialect::Classic => {
            let text = format!("some messages of room {room} cannot be had any more");
            let error = shared::error::ProtocolError::new(shared::error::ErrorCode::MessagesLost, text);
            classic::error_frame(&error).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        message::{Sender, SenderKind},
        text::Body,
    };

    use super::*;
    use crate::broker::Record;

    #[test]
    fn both_frames_are_what_their_readers_expect() {
        let room = Room::parse("a \"room\"").unwrap();
        let sender =
            Sender { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
        let body = Body::parse("tab\t quote\" \u{1} ü").unwrap();
        let record = Record::message(7, &sender, &"n1".parse().unwrap(), &body);
        let entry = Entry {
            position: "2-0.n1".parse().unwrap(),
            prev: Position::start(),
            n: 3,
            record,
            change: None,
        };
        let framed = Framed::new(entry.clone());

        let v1 = framed.frame(&room, Dialect::V1);
        let decoded = ServerFrame::decode(std::str::from_utf8(&v1).unwrap()).unwrap();
        let message = entry.message().unwrap();
        assert_eq!(decoded, ServerFrame::Event(Event::Message { room: room.clone(), message }));

        let classic = framed.frame(&room, Dialect::Classic);
        let expected = r#"{"type":"sendMessage","roomId":"a \"room\"","message":"tab\t quote\" \u0001 ü"}"#;
        assert_eq!(std::str::from_utf8(&classic).unwrap(), expected);
    }
}
