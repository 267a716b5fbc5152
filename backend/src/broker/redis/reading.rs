//! Reading the history.

mod chain;
mod rooms;

use std::{sync::Arc, time::Duration};

use ::redis::Value;
use shared::text::{Position, Room};

use self::chain::{Older, drop_skipped, skips};
use super::{failure::Failure, keys::Keys, link::Link, stored};
use crate::{
    broker::{
        contract::{Anchor, BrokerError, Run, Span},
        entry::{Change, Record, StoredEntry},
    },
    clock,
};

/// What one read gives at most, in bytes of records (and at least one entry).
const RUN_BYTES: usize = 1 << 20;

/// Entries asked for in one command, so that a read blocks Redis and fills buffers only so much.
const CHUNK: usize = 64;

/// The kept messages, for reading.
#[derive(Debug)]
pub(super) struct HistoryReader {
    pub(super) link: Arc<Link>,
    pub(super) keys: Keys,
    /// Older entries are as good as gone.
    pub(super) age: Duration,
}

/// A contiguous part of a run, and whether there is more that way.
type Part = (Vec<StoredEntry>, bool);

impl HistoryReader {
    /// See [`Core::read`](crate::broker::Core::read).
    pub(super) async fn read(&self, room: &Room, span: Span) -> Result<Run, BrokerError> {
        let limit = span.limit.max(1);
        let run = match span.from {
            Anchor::Newest => {
                let (entries, older) = self.older(room, "+", Older::default(), limit).await?;
                Some(Run { entries, found: true, older, newer: false })
            }
            Anchor::Through(start) | Anchor::Before(start) if start.is_start() => {
                let newer = self.newer(room, &self.oldest().to_string(), None, 0).await?;
                Some(Run { found: true, newer: newer.is_some_and(|(_, more)| more), ..Run::default() })
            }
            Anchor::Through(position) => self.through(room, &position, limit).await?,
            Anchor::Before(position) => match self.anchor(room, &position).await? {
                Some((id, anchor)) => {
                    let chain = Older::before(&anchor);
                    let (entries, older) = self.older(room, &format!("({id}"), chain, limit).await?;
                    Some(Run { entries, found: true, older, newer: true })
                }
                None => None,
            },
            Anchor::Around(position) if !position.is_start() => self.around(room, &position, limit).await?,
            Anchor::After(position) | Anchor::Around(position) => self.after(room, &position, limit).await?,
        };
        Ok(run.unwrap_or_default())
    }

    async fn through(
        &self,
        room: &Room,
        position: &Position,
        limit: usize,
    ) -> Result<Option<Run>, BrokerError> {
        let Some((id, _)) = self.anchor(room, position).await? else { return Ok(None) };
        let (entries, older) = self.older(room, &id, Older::default(), limit).await?;
        let newer = self.newer(room, &format!("({id}"), Some(position), 0).await?;
        Ok(newer.map(|(_, newer)| Run { entries, found: true, older, newer }))
    }

    async fn around(
        &self,
        room: &Room,
        position: &Position,
        limit: usize,
    ) -> Result<Option<Run>, BrokerError> {
        let Some((id, anchor)) = self.anchor(room, position).await? else { return Ok(None) };
        let before = (limit - 1) / 2;
        let beside = format!("({id}");
        let (mut entries, older) = self.older(room, &beside, Older::before(&anchor), before).await?;
        let mut anchor = [anchor];
        self.amend(room, &mut anchor).await?;
        let after = self.newer(room, &beside, Some(position), limit - 1 - before).await?;
        Ok(after.map(|(after, newer)| {
            entries.extend(anchor);
            entries.extend(after);
            Run { entries, found: true, older, newer }
        }))
    }

    async fn after(
        &self,
        room: &Room,
        position: &Position,
        limit: usize,
    ) -> Result<Option<Run>, BrokerError> {
        if let Some((id, _)) = self.anchor(room, position).await? {
            let after = self.newer(room, &format!("({id}"), Some(position), limit).await?;
            // The history may have been trimmed between the two steps.
            let whole = |entries: &[StoredEntry]| entries.first().is_none_or(|entry| entry.prev == *position);
            let after = after.filter(|(entries, _)| whole(entries));
            return Ok(after.map(|(entries, newer)| Run { entries, found: true, older: true, newer }));
        }
        // Nothing is missing either if the first entry that is left comes right after the position.
        let oldest = self.oldest().to_string();
        let Some((entries, newer)) = self.newer(room, &oldest, None, limit).await? else { return Ok(None) };
        let found = match entries.first() {
            Some(first) => first.prev == *position,
            None => self.heads(std::slice::from_ref(room)).await?.first() == Some(position),
        };
        Ok(found.then_some(Run { entries, found, older: false, newer }))
    }

    /// The stream id and the entry of a position, if the stream has exactly it.
    async fn anchor(
        &self,
        room: &Room,
        position: &Position,
    ) -> Result<Option<(String, StoredEntry)>, BrokerError> {
        let young = stored::time(position).is_some_and(|time| time >= self.oldest());
        let Some(id) = stored::id(position).filter(|_| young) else { return Ok(None) };
        let mut ask = ::redis::cmd("XRANGE");
        ask.arg(self.keys.stream(room)).arg(id).arg(id);
        let answer = self.link.query(&ask).await.map_err(read_failed)?;
        let same = stored::entries(answer).into_iter().find(|entry| entry.position == *position);
        Ok(same.map(|entry| (id.to_owned(), entry)))
    }

    /// Up to `limit` entries from an id on towards older ones; given oldest first.
    async fn older(
        &self,
        room: &Room,
        from: &str,
        mut chain: Older,
        limit: usize,
    ) -> Result<Part, BrokerError> {
        let lowest = self.oldest().to_string();
        let (mut entries, mut from, mut bytes) = (Vec::<StoredEntry>::new(), from.to_owned(), 0);
        let more = 'reading: loop {
            let count = CHUNK.min(limit + 1 - entries.len());
            let chunk = self.chunk("XREVRANGE", room, (&from, &lowest), count).await?;
            let last = chunk.len() < count;
            from = after_last(&chunk).unwrap_or(from);
            for entry in chunk {
                if !chain.accepts(&entry) {
                    continue;
                }
                bytes += entry.bytes();
                if entries.len() == limit || (bytes > RUN_BYTES && !entries.is_empty()) {
                    break 'reading true;
                }
                entries.push(entry);
            }
            if last {
                break false;
            }
        };
        entries.reverse();
        Ok((entries, more))
    }

    /// Up to `limit` entries from an id on towards newer ones. `None` if the entries say that `anchor`, which they come
    /// after, is not in the chain.
    async fn newer(
        &self,
        room: &Room,
        from: &str,
        anchor: Option<&Position>,
        limit: usize,
    ) -> Result<Option<Part>, BrokerError> {
        let (mut entries, mut from, mut bytes) = (Vec::<StoredEntry>::new(), from.to_owned(), 0);
        loop {
            let count = CHUNK.min(limit + 1 - entries.len());
            let chunk = self.chunk("XRANGE", room, (&from, "+"), count).await?;
            let last = chunk.len() < count;
            from = after_last(&chunk).unwrap_or(from);
            for entry in chunk {
                drop_skipped(&mut entries, &entry);
                if entries.is_empty() && anchor.is_some_and(|anchor| skips(&entry, anchor)) {
                    return Ok(None);
                }
                bytes += entry.bytes();
                if entries.len() == limit || (bytes > RUN_BYTES && !entries.is_empty()) {
                    return Ok(Some((entries, true)));
                }
                entries.push(entry);
            }
            if last {
                return Ok(Some((entries, false)));
            }
        }
    }

    async fn chunk(
        &self,
        command: &str,
        room: &Room,
        (from, until): (&str, &str),
        count: usize,
    ) -> Result<Vec<StoredEntry>, BrokerError> {
        let mut ask = ::redis::cmd(command);
        ask.arg(self.keys.stream(room)).arg(from).arg(until).arg("COUNT").arg(count);
        let mut chunk = stored::entries(self.link.query(&ask).await.map_err(read_failed)?);
        self.amend(room, &mut chunk).await?;
        Ok(chunk)
    }

    /// Gives entries the records that replaced theirs. Asked after they were read, so that nothing is older than they.
    async fn amend(&self, room: &Room, entries: &mut [StoredEntry]) -> Result<(), BrokerError> {
        if entries.is_empty() {
            return Ok(());
        }
        let targets: Vec<_> = entries.iter().map(|entry| entry.record.amends()).collect();
        let mut ask = ::redis::cmd("HMGET");
        ask.arg(self.keys.amended(room));
        for (entry, target) in entries.iter().zip(&targets) {
            ask.arg(stored::id(target.as_ref().unwrap_or(&entry.position)).unwrap_or("0-0"));
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

/// Where to read on.
fn after_last(chunk: &[StoredEntry]) -> Option<String> {
    chunk.last().and_then(|entry| stored::id(&entry.position)).map(|id| format!("({id}"))
}

/// A read that failed changed nothing, whatever it was.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn read_failed(failure: Failure) -> BrokerError {
    BrokerError::Unavailable(failure.to_string())
}

/// A script's answer that is a position.
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
