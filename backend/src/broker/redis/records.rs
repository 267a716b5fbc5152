//! Small keyed records.

use std::{sync::Arc, time::Duration};

use ::redis::{Pipeline, Value};
use bytes::Bytes;
use shared::text::{Room, UserId};

use super::{
    failure::Failure,
    keys::Keys,
    link::Link,
    scripts::{FORGET, PUT, TAKE},
};
use crate::broker::{Key, Kind, StateError, Versioned, room::RoomRecord};

/// Most names asked for in one step.
const STEP: usize = 500;

/// The records in Redis.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) link: Arc<Link>,
    pub(super) keys: Keys,
}

type Fields = (Option<u64>, Option<Vec<u8>>);

impl Records {
    /// See [`State::get`](crate::broker::State::get).
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        let mut ask = ::redis::cmd("HMGET");
        ask.arg(self.keys.record(key)).arg("r").arg("d");
        self.link.query(&ask).await.map(versioned).map_err(read_failed)
    }

    /// See [`State::put`](crate::broker::State::put).
    pub(super) async fn put(
        &self,
        key: &Key,
        expect: Option<u64>,
        value: &[u8],
        expires: Option<Duration>,
    ) -> Result<u64, StateError> {
        let expect = expect.map(|version| version.to_string()).unwrap_or_default();
        // Zero would be refused; a record that expires at once is one that is gone a moment later.
        let expires = expires.map(|after| after.as_millis().max(1).to_string()).unwrap_or_default();
        let keep = match key {
            Key::Room(_) => RoomRecord::keep_of(value).map(|keep| keep.to_string()).unwrap_or_default(),
            Key::Secret | Key::Person(_) | Key::Rights(_) => String::new(),
        };
        let args = [expect.as_bytes(), value, expires.as_bytes(), key.name().as_bytes(), keep.as_bytes()];
        let (written, version): (u64, u64) = self.link.script(&PUT, &self.both(key), &args).await?;
        if written != 1 {
            return Err(StateError::Conflict(version));
        }
        if let (Key::Room(room), false) = (key, keep.is_empty()) {
            // The next publish would do it as well; readers are not to wait for it.
            let mut trim = ::redis::cmd("XTRIM");
            trim.arg(self.keys.stream(room)).arg("MAXLEN").arg("=").arg(&keep);
            let trimmed: Result<u64, Failure> = self.link.query(&trim).await;
            tracing::debug!(?trimmed, "a room keeps less");
            if keep == "0" {
                let mut forget = ::redis::cmd("DEL");
                forget.arg(self.keys.amended(room));
                let forgotten: Result<u64, Failure> = self.link.query(&forget).await;
                tracing::debug!(?forgotten, "a room keeps nothing");
            }
        }
        Ok(version)
    }

    /// See [`State::take`](crate::broker::State::take).
    pub(super) async fn take(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        let fields = self.link.script(&TAKE, &self.both(key), &[key.name().as_bytes()]).await?;
        Ok(versioned(fields))
    }

    /// See [`State::list`](crate::broker::State::list).
    pub(super) async fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StateError> {
        let mut from = after.map_or_else(|| "-".to_owned(), |name| format!("({name}"));
        let mut names = Vec::new();
        while names.len() < limit {
            let step = STEP.min(limit);
            let mut ask = ::redis::cmd("ZRANGEBYLEX");
            ask.arg(self.keys.index(kind)).arg(&from).arg("+").arg("LIMIT").arg(0).arg(step);
            let found: Vec<String> = self.link.query(&ask).await.map_err(read_failed)?;
            let last = found.len() < step;
            if let Some(name) = found.last() {
                from = format!("({name}");
            }
            names.extend(self.living(kind, found).await?);
            if last {
                break;
            }
        }
        names.truncate(limit);
        Ok(names)
    }

    /// Leaves out the names whose record has expired, and tidies them away.
    async fn living(&self, kind: Kind, names: Vec<String>) -> Result<Vec<String>, StateError> {
        let keyed: Vec<_> =
            names.into_iter().filter_map(|name| key(kind, &name).map(|key| (name, key))).collect();
        if keyed.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = Pipeline::with_capacity(keyed.len());
        for (_, key) in &keyed {
            ask.cmd("EXISTS").arg(self.keys.record(key));
        }
        let answers = self.link.pipeline(ask).await.map_err(read_failed)?;
        let mut living = Vec::with_capacity(keyed.len());
        for ((name, key), answer) in keyed.into_iter().zip(answers) {
            if answer == Value::Int(0) {
                let _: u64 = self.link.script(&FORGET, &self.both(&key), &[name.as_bytes()]).await?;
            } else {
                living.push(name);
            }
        }
        Ok(living)
    }

    fn both(&self, key: &Key) -> [String; 2] {
        [self.keys.record(key), self.keys.index(key.kind())]
    }
}

fn key(kind: Kind, name: &str) -> Option<Key> {
    match kind {
        Kind::Secret => Some(Key::Secret),
        Kind::Person => UserId::parse(name).ok().map(Key::Person),
        Kind::Room => Room::parse(name).ok().map(Key::Room),
        Kind::Rights => Room::parse(name).ok().map(Key::Rights),
    }
}

fn versioned((version, value): Fields) -> Option<Versioned> {
    Some(Versioned { version: version?, value: Bytes::from(value?) })
}

/// A read that failed changed nothing, whatever it was.
fn read_failed(failure: Failure) -> StateError {
    match failure {
        Failure::Timeout => StateError::Unknown,
        other => StateError::Unavailable(other.to_string()),
    }
}
