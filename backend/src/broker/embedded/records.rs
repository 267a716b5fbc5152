//! Small records, as one node reads and writes them.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redb::ReadableTable;
use tokio::{sync::oneshot, time::timeout};

use super::{
    endpoint::Endpoint,
    queue::{Command, Put, Refused},
    tables::{STATE, StateRow, live},
};
use crate::{
    broker::{Key, Kind, State, StateError, Versioned},
    clock::now_ms,
};

#[async_trait]
impl State for Endpoint {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        let key = key.clone();
        let record = self.read_with(move |transaction, _| {
            let row = transaction.open_table(STATE)?.get((key.kind().as_str(), key.name()))?;
            Ok(row.and_then(|row| {
                let (version, end, value) = row.value();
                let value = Bytes::copy_from_slice(value);
                live(end, now_ms()).then_some(Versioned { version, value })
            }))
        });
        record.await.map_err(StateError::Unavailable)
    }

    async fn put(
        &self,
        key: &Key,
        expect: Option<u64>,
        value: Bytes,
        expires: Option<Duration>,
    ) -> Result<u64, StateError> {
        let (answer, answered) = oneshot::channel();
        let put = Put { key: key.clone(), expect, value, expires };
        self.change(Command::Put(put, answer), answered).await
    }

    async fn take(&self, key: &Key) -> Result<Option<Versioned>, StateError> {
        let (answer, answered) = oneshot::channel();
        self.change(Command::Take { key: key.clone(), answer }, answered).await
    }

    async fn list(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<String>, StateError> {
        let after = after.map(str::to_owned);
        let keys = self.read_with(move |transaction, _| {
            list(&transaction.open_table(STATE)?, (kind, after.as_deref(), limit), now_ms())
        });
        keys.await.map_err(StateError::Unavailable)
    }
}

impl Endpoint {
    async fn change<T>(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<T, StateError>>,
    ) -> Result<T, StateError> {
        match self.engine().queue.push(command) {
            Ok(()) => {}
            Err(Refused::Overloaded) => {
                return Err(StateError::Unavailable("too many writes wait".to_owned()));
            }
            Err(Refused::Closed) => return Err(StateError::Unavailable("the store is closed".to_owned())),
        }
        match timeout(self.engine().settings.deadline, answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) | Err(_) => Err(StateError::Unknown),
        }
    }
}

/// Keys of one kind, for [`State::list`](State::list).
fn list(
    table: &impl ReadableTable<(&'static str, &'static str), StateRow<'static>>,
    (kind, after, limit): (Kind, Option<&str>, usize),
    now_ms: u64,
) -> Result<Vec<String>, redb::Error> {
    let mut names = Vec::new();
    for row in table.range((kind.as_str(), after.unwrap_or_default())..)? {
        let (key, row) = row?;
        let (found, name) = key.value();
        if found != kind.as_str() || names.len() >= limit {
            break;
        }
        if Some(name) != after && live(row.value().1, now_ms) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
