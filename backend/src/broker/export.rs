//! Exports all messages as JSON lines, from any broker.

use std::{
    collections::HashSet,
    io::{self, Write},
};

use serde::Serialize;
use shared::text::{Position, Room};

use super::{Anchor, Broker, BrokerError, Span, StoredEntry};

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The history could not be read.
    #[error("the history cannot be read: {0}")]
    Log(#[from] BrokerError),
    /// The lines could not be written.
    #[error("the lines cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// What was written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Rooms that are complete.
    pub rooms: u64,
    /// Lines.
    pub entries: u64,
}

/// Entries that are read at once.
const PAGE: usize = 500;

/// Writes every room's history, oldest entry first: one JSON object a line with `room`, `position`, `prev`, `n`,
/// `at` (milliseconds since 1970), `sender`, `nonce` and `body`, which is what a message says now. One that was deleted
/// has `deleted` instead of `body`, an edit or deletion `amends` with the position of what it changed. An entry of a
/// kind that this build does not know has `record` instead of all that. What is trimmed meanwhile is left out; what is added may be.
pub async fn export(
    broker: &Broker,
    out: &mut (impl Write + Send),
    mut progress: impl FnMut(Exported) + Send,
) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    let mut seen = HashSet::new();
    let mut cursor = None;
    loop {
        let (rooms, next) = broker.rooms.rooms(cursor).await?;
        for room in rooms {
            if !seen.insert(room.clone()) {
                continue;
            }
            for (last, count) in pages(broker, &room).await? {
                let span = Span { from: Anchor::Through(last), limit: count };
                for entry in broker.core.read(&room, span).await?.entries {
                    line(out, &room, &entry)?;
                    exported.entries += 1;
                }
                progress(exported);
            }
            exported.rooms += 1;
            progress(exported);
        }
        cursor = next;
        if cursor.is_none() {
            out.flush()?;
            return Ok(exported);
        }
    }
}

/// The last position and the length of each page, oldest page first. Histories are read from the newest end, so
/// this walks back over the room once and keeps no more than where to begin.
async fn pages(broker: &Broker, room: &Room) -> Result<Vec<(Position, usize)>, ExportError> {
    let mut pages = Vec::new();
    let mut from = Anchor::Newest;
    loop {
        let run = broker.core.read(room, Span { from, limit: PAGE }).await?;
        let (Some(first), Some(last)) = (run.entries.first(), run.entries.last()) else { break };
        pages.push((last.position.clone(), run.entries.len()));
        if !run.older {
            break;
        }
        from = Anchor::Before(first.position.clone());
    }
    pages.reverse();
    Ok(pages)
}

fn line(out: &mut impl Write, room: &Room, entry: &StoredEntry) -> io::Result<()> {
    #[derive(Serialize)]
    struct Place<'a> {
        room: &'a Room,
        position: &'a Position,
        prev: &'a Position,
        n: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        record: Option<String>,
    }
    let known = entry.record.object();
    let place = Place {
        room,
        position: &entry.position,
        prev: &entry.prev,
        n: entry.n,
        record: known.is_none().then(|| String::from_utf8_lossy(entry.record.wire()).into_owned()),
    };
    let place = serde_json::to_string(&place)?;
    match known.and_then(|json| json.strip_prefix('{')) {
        // The record is an object already: its fields follow as they are.
        Some(fields) => writeln!(out, "{},{fields}", place.trim_end_matches('}')),
        None => writeln!(out, "{place}"),
    }
}
