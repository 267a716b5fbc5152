//! The task that sends the queued drafts.

use std::{sync::Arc, time::Duration};

use ::redis::{Value, aio::MultiplexedConnection};
use tokio::sync::watch;

use super::{
    queue::DraftQueue,
    round_trip::{Keeping, RoundTrip},
};
use crate::broker::{
    Health,
    redis::{
        address::{Address, Server},
        failure::Failure,
        keys::{KeyCache, Keys},
        link::Backoff,
        scripts::PUBLISH,
    },
};

/// Drafts in one round trip.
const BATCH: usize = 256;

/// The task, with a connection of its own. It runs until the node closes.
#[derive(Debug)]
pub(in super::super) struct Sender {
    pub(in super::super) address: Address,
    pub(in super::super) queue: Arc<DraftQueue>,
    pub(in super::super) keys: Keys,
    pub(in super::super) keeping: Keeping,
    /// How long an answer may take before the connection is given up.
    pub(in super::super) answer: Duration,
    pub(in super::super) replicas: Option<u32>,
    /// Shows when the subscriber has reached Redis again; a pause ends then.
    pub(in super::super) health: watch::Receiver<Health>,
}

impl Sender {
    /// Connects and sends until the node closes.
    pub(in super::super) async fn run(self) {
        let mut backoff = Backoff::default();
        let mut health = self.health.clone();
        let mut before = None;
        loop {
            let generation = health.borrow().generation;
            let failure = self.serve(&mut backoff, &mut before).await;
            tracing::debug!(%failure, "the publish connection is opened again");
            self.queue.expire();
            tokio::select! {
                () = backoff.pause() => {}
                Ok(_) = health.wait_for(|health| health.generation > generation) => {}
            }
            self.queue.expire();
        }
    }

    async fn serve(&self, backoff: &mut Backoff, before: &mut Option<ConnectionId>) -> Failure {
        let (mut connection, server) = match self.connect(before).await {
            Ok(connected) => connected,
            Err(failure) => return failure,
        };
        let mut keys = KeyCache::new(self.keys.clone());
        loop {
            let drafts = self.queue.pull(BATCH).await;
            if self.address.left(&server) {
                self.queue.put_back(drafts);
                return Failure::Down("Sentinel names another primary".to_owned());
            }
            let batch = RoundTrip::gather(&self.queue, drafts, &mut keys);
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

    /// Opens a connection. What the previous connection has sent must not be executed after what this one sends, so the
    /// node tells Redis to drop the previous one. A Redis that forbids that still keeps the order, unless its network is
    /// very slow. A server that is no longer the primary drops what it executed when it follows the new one.
    async fn connect(
        &self,
        before: &mut Option<ConnectionId>,
    ) -> Result<(MultiplexedConnection, Server), Failure> {
        let server = self.address.find().await?;
        let mut connection = server.commands(self.answer).await?;
        if let Some(ConnectionId { id, addr, .. }) =
            before.as_ref().filter(|before| before.server == server.name())
        {
            let mut kill = ::redis::cmd("CLIENT");
            kill.arg("KILL").arg("ID").arg(id).arg("ADDR").arg(addr);
            let killed: Result<u64, _> = kill.query_async(&mut connection).await;
            tracing::debug!(?killed, "the publish connection before is dropped");
        }
        *before = ::redis::cmd("CLIENT")
            .arg("INFO")
            .query_async::<String>(&mut connection)
            .await
            .ok()
            .and_then(|info| ConnectionId::parse(server.name(), &info));
        load(&mut connection).await?;
        Ok((connection, server))
    }
}

/// How Redis identifies a connection. Numbers begin anew when Redis restarts, and addresses are used again; a pair of
/// both is not.
#[derive(Debug, PartialEq, Eq)]
struct ConnectionId {
    server: String,
    id: String,
    addr: String,
}

impl ConnectionId {
    fn parse(server: &str, info: &str) -> Option<Self> {
        let field =
            |name| info.split([' ', '\n']).find_map(|word| word.strip_prefix(name)).map(str::to_owned);
        Some(Self { server: server.to_owned(), id: field("id=")?, addr: field("addr=")? })
    }
}

async fn load(connection: &mut MultiplexedConnection) -> Result<(), Failure> {
    Ok(PUBLISH.load().exec_async(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_known_by_number_and_address() {
        let info = "id=17 addr=127.0.0.1:5000 laddr=127.0.0.1:6379 fd=8 name= age=0\n";
        let [server, id, addr] = ["one:6379", "17", "127.0.0.1:5000"].map(str::to_owned);
        assert_eq!(ConnectionId::parse("one:6379", info), Some(ConnectionId { server, id, addr }));
        assert_eq!(ConnectionId::parse("one:6379", "what?"), None);
    }
}
