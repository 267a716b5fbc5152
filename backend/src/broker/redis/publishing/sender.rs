//! The task that sends what waits.

use std::{sync::Arc, time::Duration};

use ::redis::{Value, aio::MultiplexedConnection};

use super::{
    batch::{Batch, Keeping},
    queue::Queue,
};
use crate::broker::redis::{
    failure::Failure,
    link::{Address, Backoff},
    scripts::PUBLISH,
};

/// Drafts in one round trip.
const BATCH: usize = 256;

/// The one task, with a connection of its own. It has no end.
#[derive(Debug)]
pub(in super::super) struct Sender {
    pub(in super::super) address: Address,
    pub(in super::super) queue: Arc<Queue>,
    pub(in super::super) keeping: Keeping,
    /// How long an answer may take before the connection is given up.
    pub(in super::super) answer: Duration,
    pub(in super::super) replicas: Option<u32>,
}

impl Sender {
    /// Connects and sends for ever.
    pub(in super::super) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let failure = self.serve(&mut backoff).await;
            tracing::debug!(%failure, "the publish connection is opened again");
            self.queue.expire();
            backoff.pause().await;
            self.queue.expire();
        }
    }

    async fn serve(&self, backoff: &mut Backoff) -> Failure {
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(failure) => return failure,
        };
        loop {
            let batch = Batch::gather(&self.queue, self.queue.pull(BATCH).await);
            if batch.is_empty() {
                continue;
            }
            let pipeline = batch.pipeline(&self.keeping, self.replicas);
            let answers: Vec<Value> = match pipeline.query_async(&mut connection).await {
                Ok(answers) => answers,
                Err(error) => {
                    batch.doubt(&self.queue);
                    return Failure::from(error);
                }
            };
            match batch.settle(&self.queue, answers, self.replicas) {
                None => backoff.reset(),
                Some(Failure::NoScript) => {
                    if let Err(failure) = load(&mut connection).await {
                        return failure;
                    }
                }
                Some(failure) if failure.fatal() => return failure,
                Some(_later) => {
                    backoff.pause().await;
                    self.queue.expire();
                }
            }
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Failure> {
        let mut connection = self.address.commands(self.answer).await?;
        load(&mut connection).await?;
        Ok(connection)
    }
}

async fn load(connection: &mut MultiplexedConnection) -> Result<(), Failure> {
    Ok(PUBLISH.load().exec_async(connection).await?)
}
