//! An entry together with the frame of each dialect, put together once per node, on first need.

use std::sync::OnceLock;

use shared::{
    classic,
    entry::Entries,
    error::{ErrorCode, ProtocolError},
    event::{Event, Lost, ServerFrame},
    text::{Position, Room},
};

use crate::{broker::StoredEntry, outbox::Frame, peer::Dialect};

/// A delivered entry.
#[derive(Debug)]
pub struct EncodedEntry {
    /// The entry.
    pub entry: StoredEntry,
    v1: OnceLock<V1>,
    classic: OnceLock<Frame>,
}

/// An event, and where in it the entry starts that lists repeat.
#[derive(Debug)]
struct V1 {
    frame: Frame,
    entry: usize,
}

impl EncodedEntry {
    /// An entry without frames yet.
    pub fn new(entry: StoredEntry) -> Self {
        Self { entry, v1: OnceLock::new(), classic: OnceLock::new() }
    }

    /// The frame for a dialect. Empty where the dialect does not know such entries.
    pub fn frame(&self, room: &Room, dialect: Dialect) -> Frame {
        match dialect {
            Dialect::V1 => self.v1(room).frame.clone(),
            Dialect::Classic => self.classic.get_or_init(|| classic_frame(room, &self.entry)).clone(),
        }
    }

    /// What the entry costs in memory, about: the record, both frames, and what holds them.
    pub fn bytes(&self) -> usize {
        2 * self.entry.record.wire().len() + self.entry.bytes() + 384
    }

    fn v1(&self, room: &Room) -> &V1 {
        self.v1.get_or_init(|| {
            let kind = if self.entry.record.is_message() { "message" } else { "entry" };
            let room = serde_json::to_string(room).unwrap_or_default();
            let mut frame = format!(r#"{{"type":"{kind}","room":{room},"#);
            let entry = frame.len();
            self.entry.write_fields(&mut frame);
            V1 { frame: frame.into(), entry }
        })
    }
}

/// A list of entries for `joined`, copied from their frames.
pub fn list<'a>(room: &Room, entries: impl IntoIterator<Item = &'a EncodedEntry>) -> Entries {
    json_list(entries, |encoded, json| {
        let V1 { frame, entry } = encoded.v1(room);
        // Every frame is text, and the entry begins behind a comma.
        json.push_str(std::str::from_utf8(&frame[*entry..]).unwrap_or_default());
    })
}

/// A list of entries for `page`, copied from their records.
pub fn page(entries: &[StoredEntry]) -> Entries {
    json_list(entries, StoredEntry::write_fields)
}

/// A JSON list of objects, each of which `write` ends.
fn json_list<T>(items: impl IntoIterator<Item = T>, write: impl Fn(T, &mut String)) -> Entries {
    let mut json = "[".to_owned();
    for (index, item) in items.into_iter().enumerate() {
        json.push_str(if index > 0 { ",{" } else { "{" });
        write(item, &mut json);
    }
    json.push(']');
    Entries::Json(json)
}

fn classic_frame(room: &Room, entry: &StoredEntry) -> Frame {
    entry.record.body_json().map(|body| classic::frame(room, body).into()).unwrap_or_default()
}

/// The frame that says that the entries after `after` up to `through` are gone.
pub fn lost(room: &Room, dialect: Dialect, after: &Position, through: &Position) -> Frame {
    match dialect {
        Dialect::V1 => {
            let lost = Lost { room: room.clone(), after: after.clone(), through: through.clone() };
            ServerFrame::Event(Event::Lost(lost)).encode().into()
        }
        Dialect::Classic => {
            let text = format!("some messages of room {room} cannot be had any more");
            let error = ProtocolError::new(ErrorCode::MessagesLost, text);
            classic::error_frame(&error, Some(room)).into()
        }
    }
}

#[cfg(test)]
mod tests;
