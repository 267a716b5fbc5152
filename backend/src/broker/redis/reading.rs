//! Reading the history.

use std::{sync::Arc, time::Duration};

use ::redis::{Pipeline, Value};
use shared::text::{Position, Room};

use super::{
    failure::Failure,
    keys::Keys,
    link::Link,
    scripts::{HEAD, KEPT},
    stored,
};
use crate::{
    broker::{Anchor, BrokerError, Change, Entry, Record, Run, Span},
    clock,
};

/// What one read gives at most, in bytes of records (and at least one entry).
const RUN_BYTES: usize = 1 << 20;

/// Entries asked for in one command, so that a read blocks Redis and fills buffers only so much.
const CHUNK: usize = 64;

/// Rooms, or positions, asked about in one round trip.
const BATCH: usize = 500;

/// The kept messages, for reading.
#[derive(Debug)]
pub(super) struct HistoryReader {
    pub(super) link: Arc<Link>,
    pub(super) keys: Keys,
    /// Older entries are as good as gone.
    pub(super) age: Duration,
}

#[derive(Clone, Copy)]
enum Way {
    Older,
    Newer,
}

impl HistoryReader {
    /// See [`Log::read`](crate::broker::Log::read).
    pub(super) async fn read(&self, room: &Room, span: Span) -> Result<Run, BrokerError> {
        let limit = span.limit.max(1);
        let run = match span.from {
            Anchor::Newest => {
                let (entries, older) = self.gather(room, Way::Older, "+", limit).await?;
                Run { entries, found: true, older, newer: false }
            }
            Anchor::Through(position) => {
                let Some((id, _)) = self.anchor(room, &position).await? else { return Ok(Run::default()) };
                let (entries, older) = self.gather(room, Way::Older, &id, limit).await?;
                let (_, newer) = self.gather(room, Way::Newer, &format!("({id}"), 0).await?;
                Run { entries, found: true, older, newer }
            }
            Anchor::Before(position) => {
                let Some((id, _)) = self.anchor(room, &position).await? else { return Ok(Run::default()) };
                let (entries, older) = self.gather(room, Way::Older, &format!("({id}"), limit).await?;
                Run { entries, found: true, older, newer: true }
            }
            Anchor::After(position) => self.after(room, &position, limit).await?,
            Anchor::Around(position) => {
                let Some((id, anchor)) = self.anchor(room, &position).await? else {
                    return Ok(Run::default());
                };
                let before = (limit - 1) / 2;
                let beside = format!("({id}");
                let mut anchor = [anchor];
                self.amend(room, &mut anchor).await?;
                let (mut entries, older) = self.gather(room, Way::Older, &beside, before).await?;
                let (after, newer) = self.gather(room, Way::Newer, &beside, limit - 1 - before).await?;
                entries.extend(anchor);
                entries.extend(after);
                Run { entries, found: true, older, newer }
            }
        };
        Ok(run)
    }

    /// See [`Log::rooms`](crate::broker::Log::rooms). The cursor is the one of `SCAN`.
    pub(super) async fn rooms(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<Room>, Option<String>), BrokerError> {
        let mut scan = ::redis::cmd("SCAN");
        scan.arg(cursor.unwrap_or_else(|| "0".to_owned()));
        scan.arg("MATCH").arg(self.keys.streams()).arg("COUNT").arg(1_000);
        let (next, streams): (String, Vec<String>) = self.link.query(&scan).await?;
        let rooms = streams.iter().filter_map(|stream| self.keys.room_of(stream)).collect();
        Ok((rooms, (next != "0").then_some(next)))
    }

    /// See [`Log::heads`](crate::broker::Log::heads).
    pub(super) async fn heads(&self, rooms: &[Room]) -> Result<Vec<Position>, BrokerError> {
        let mut heads = Vec::with_capacity(rooms.len());
        for batch in rooms.chunks(BATCH) {
            let mut calls = Pipeline::with_capacity(batch.len());
            for room in batch {
                calls.add_command(HEAD.cached(&[self.keys.stream(room), self.keys.head(room)]));
            }
            for answer in self.link.scripts(&HEAD, calls).await.map_err(read_failed)? {
                heads.push(head(answer).map_err(read_failed)?);
            }
        }
        if heads.len() == rooms.len() {
            Ok(heads)
        } else {
            Err(BrokerError::Unavailable("an answer is missing".into()))
        }
    }

    /// See [`Log::first_kept`](crate::broker::Log::first_kept).
    pub(super) async fn first_kept(
        &self,
        room: &Room,
        positions: &[Position],
    ) -> Result<Option<Position>, BrokerError> {
        let keys = [self.keys.stream(room), self.keys.head(room)];
        let oldest = self.oldest();
        let lowest = oldest.to_string();
        // What is too old may still be in the stream.
        let young = |position: &&Position| stored::time(position).is_none_or(|time| time >= oldest);
        let candidates: Vec<_> = positions.iter().filter(young).collect();
        for batch in candidates.chunks(BATCH) {
            let mut args = vec![lowest.as_bytes()];
            args.extend(batch.iter().map(|position| position.as_str().as_bytes()));
            let found: usize = self.link.script(&KEPT, &keys, &args).await.map_err(read_failed)?;
            if let Some(position) = found.checked_sub(1).and_then(|index| batch.get(index)) {
                return Ok(Some((*position).clone()));
            }
        }
        Ok(None)
    }

    async fn after(&self, room: &Room, position: &Position, limit: usize) -> Result<Run, BrokerError> {
        if let Some((id, _)) = self.anchor(room, position).await? {
            let (entries, newer) = self.gather(room, Way::Newer, &format!("({id}"), limit).await?;
            // The history may have been trimmed between the two steps.
            let whole = entries.first().is_none_or(|entry| entry.prev == *position);
            return Ok(if whole { Run { entries, found: true, older: true, newer } } else { Run::default() });
        }
        // Nothing is missing either if the first entry that is left comes right after the position.
        let (entries, newer) = self.gather(room, Way::Newer, &self.oldest().to_string(), limit).await?;
        let found = match entries.first() {
            Some(first) => first.prev == *position,
            None => self.heads(std::slice::from_ref(room)).await?.first() == Some(position),
        };
        Ok(if found { Run { entries, found, older: false, newer } } else { Run::default() })
    }

    /// The stream id and the entry of a position, if the history has exactly it.
    async fn anchor(&self, room: &Room, position: &Position) -> Result<Option<(String, Entry)>, BrokerError> {
        let young = stored::time(position).is_some_and(|time| time >= self.oldest());
        let Some(id) = stored::id(position).filter(|_| young) else { return Ok(None) };
        let mut ask = ::redis::cmd("XRANGE");
        ask.arg(self.keys.stream(room)).arg(id).arg(id);
        let answer = self.link.query(&ask).await.map_err(read_failed)?;
        let same = stored::entries(answer).into_iter().find(|entry| entry.position == *position);
        Ok(same.map(|entry| (id.to_owned(), entry)))
    }

    /// Up to `limit` entries from a place on, oldest first, and whether there are more that way.
    async fn gather(
        &self,
        room: &Room,
        way: Way,
        from: &str,
        limit: usize,
    ) -> Result<(Vec<Entry>, bool), BrokerError> {
        let (stream, lowest) = (self.keys.stream(room), self.oldest().to_string());
        let (mut entries, mut from, mut bytes) = (Vec::<Entry>::new(), from.to_owned(), 0);
        let more = loop {
            let count = CHUNK.min(limit + 1 - entries.len());
            let mut ask = ::redis::cmd(match way {
                Way::Older => "XREVRANGE",
                Way::Newer => "XRANGE",
            });
            let until = match way {
                Way::Older => lowest.as_str(),
                Way::Newer => "+",
            };
            ask.arg(&stream).arg(&from).arg(until).arg("COUNT").arg(count);
            let mut chunk = stored::entries(self.link.query(&ask).await.map_err(read_failed)?);
            self.amend(room, &mut chunk).await?;
            let last = chunk.len() < count;
            if let Some(id) = chunk.last().and_then(|entry| stored::id(&entry.position)) {
                from = format!("({id}");
            }
            let mut cut = false;
            for entry in chunk {
                bytes += entry.bytes();
                cut = entries.len() == limit || (bytes > RUN_BYTES && !entries.is_empty());
                if cut {
                    break;
                }
                entries.push(entry);
            }
            if cut || last {
                break cut;
            }
        };
        if matches!(way, Way::Older) {
            entries.reverse();
        }
        Ok((entries, more))
    }

    /// Makes entries say what they say now. Asked after they were read, so that nothing is older than they are.
    async fn amend(&self, room: &Room, entries: &mut [Entry]) -> Result<(), BrokerError> {
        let targets: Vec<_> = entries.iter().map(|entry| entry.record.amends()).collect();
        let ids = entries
            .iter()
            .zip(&targets)
            .map(|(entry, target)| stored::id(target.as_ref().unwrap_or(&entry.position)).unwrap_or("0-0"));
        let mut ask = ::redis::cmd("HMGET");
        ask.arg(self.keys.amended(room));
        let mut asked = false;
        for id in ids {
            ask.arg(id);
            asked = true;
        }
        if !asked {
            return Ok(());
        }
        let found: Vec<Option<Vec<u8>>> = self.link.query(&ask).await.map_err(read_failed)?;
        for ((entry, target), now) in entries.iter_mut().zip(targets).zip(found) {
            let now = now.map(|now| Record::parse(now.into()));
            match (target, now) {
                (Some(position), Some(record)) => entry.change = Some(Change { position, record }),
                (None, Some(record)) => entry.record = record,
                (_, None) => {}
            }
        }
        Ok(())
    }

    /// The lowest time that counts, in Unix milliseconds.
    fn oldest(&self) -> u64 {
        clock::now_ms().saturating_sub(clock::millis(self.age))
    }
}

/// A read that failed changed nothing, whatever it was.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn read_failed(failure: Failure) -> BrokerError {
    BrokerError::Unavailable(failure.to_string())
}

fn head(answer: Value) -> Result<Position, Failure> {
    match answer {
        Value::BulkString(text) => {
            let position = std::str::from_utf8(&text).ok().and_then(|text| Position::parse(text).ok());
            position.ok_or_else(|| Failure::Strange("a position in Redis is damaged".to_owned()))
        }
        Value::ServerError(error) => Err(Failure::from(&error)),
        _ => Err(Failure::Strange("Redis gave something else than a position".to_owned())),
    }
}
