//! The connection that reads, records and probes share.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::{Cmd, FromRedisValue, Pipeline, RedisError, Value, aio::MultiplexedConnection};
use futures_util::FutureExt;
use tokio::sync::Notify;

use super::{address::Server, failure::Failure, scripts::Script};

/// For the answer to a read or a record.
const ANSWER: Duration = Duration::from_secs(2);

/// The connection that reads, records and probes share. The subscriber opens it; while there is none, everything
/// fails at once.
#[derive(Debug, Default)]
pub(super) struct Link {
    current: Mutex<Current>,
    broken: Notify,
}

#[derive(Debug, Default)]
struct Current {
    /// Distinguishes a connection from the previous one.
    number: u64,
    connection: Option<MultiplexedConnection>,
}

impl Link {
    /// Replaces the connection.
    pub(super) async fn open(&self, server: &Server) -> Result<(), Failure> {
        let connection = server.commands(ANSWER).await?;
        // A notification about the previous connection must not end this one.
        self.broken.notified().now_or_never();
        let mut current = self.lock();
        current.number += 1;
        current.connection = Some(connection);
        Ok(())
    }

    /// Until the next [`Link::open`], everything fails.
    pub(super) fn close(&self) {
        self.lock().connection = None;
    }

    /// Waits until the connection is found to be broken.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }

    /// One command.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let (number, mut connection) = self.connection()?;
        command.query_async(&mut connection).await.map_err(|error| self.failed(number, error))
    }

    /// Several commands in one round trip; an answer each, which may be an error.
    pub(super) async fn pipeline(&self, mut commands: Pipeline) -> Result<Vec<Value>, Failure> {
        self.answers(commands.ignore_errors()).await
    }

    /// A script, whether Redis knows it or not. For calls that need no order among themselves.
    pub(super) async fn script<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        args: &[&[u8]],
    ) -> Result<T, Failure> {
        let with = |mut call: Cmd| {
            for arg in args {
                call.arg(*arg);
            }
            call
        };
        match self.query(&with(script.cached(keys))).await {
            Err(Failure::NoScript) => self.query(&with(script.whole(keys))).await,
            other => other,
        }
    }

    /// Many calls of one script in one round trip, whether Redis knows it or not; an answer each, which may be an error.
    /// For what may be done twice: if Redis did not know the script, all calls are made again.
    pub(super) async fn scripts(&self, script: &Script, mut calls: Pipeline) -> Result<Vec<Value>, Failure> {
        let calls = calls.ignore_errors();
        let unknown = |answer: &Value| matches!(answer, Value::ServerError(error) if Failure::from(error) == Failure::NoScript);
        let answers = self.answers(calls).await?;
        if !answers.iter().any(unknown) {
            return Ok(answers);
        }
        self.query::<Value>(&script.load()).await?;
        self.answers(calls).await
    }

    async fn answers(&self, commands: &Pipeline) -> Result<Vec<Value>, Failure> {
        let (number, mut connection) = self.connection()?;
        commands.query_async(&mut connection).await.map_err(|error| self.failed(number, error))
    }

    fn connection(&self) -> Result<(u64, MultiplexedConnection), Failure> {
        let current = self.lock();
        match &current.connection {
            Some(connection) => Ok((current.number, connection.clone())),
            None => Err(Failure::Down("there is no connection to Redis".to_owned())),
        }
    }

    fn failed(&self, number: u64, error: RedisError) -> Failure {
        let failure = Failure::from(error);
        // A timeout alone is left to the probe, which finds out whether it is the connection or one slow answer.
        if matches!(failure, Failure::Broken(_)) {
            let mut current = self.lock();
            if current.number == number && current.connection.take().is_some() {
                self.broken.notify_one();
            }
        }
        failure
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pauses between tries: doubling up to a second, each shortened at random so that nodes do not try in step.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    const FIRST: u64 = 25;
    const LAST: u64 = 1000;

    /// Waits before the next try.
    pub(super) async fn pause(&mut self) {
        let most = (Self::FIRST << self.tries.min(10)).min(Self::LAST);
        self.tries += 1;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(most / 2..=most))).await;
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}
