//! One Redis server, and connections to it.

use std::{sync::Arc, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, RedisError, Value,
    aio::{MultiplexedConnection, PubSub},
};
use tokio::time::timeout;

use crate::broker::redis::failure::Failure;

/// For the TCP connection and the greeting, each.
const CONNECT: Duration = Duration::from_secs(2);

/// What an address may look like, for people.
pub(super) const ALLOWED: &str = "must be a Redis address, as in redis://127.0.0.1:6379 or, through Sentinels, redis+sentinel://host:26379,other:26379/NAME; with TLS rediss://host:6379 or rediss+sentinel://…";

/// One server, for as many connections as are wanted.
#[derive(Debug, Clone)]
pub(in super::super) struct Server {
    pub(super) client: Client,
    pub(super) name: Arc<str>,
    /// How often the primary had changed when Sentinels named this one. `None`: nobody named it.
    pub(super) epoch: Option<u64>,
}

impl Server {
    /// Tells it from other servers.
    pub(in super::super) fn name(&self) -> &str {
        &self.name
    }

    /// A connection for commands, each answered within `answer` or [`Failure::Timeout`].
    pub(in super::super) async fn commands(
        &self,
        answer: Duration,
    ) -> Result<MultiplexedConnection, Failure> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(answer))
            .set_pipeline_buffer_size(1024);
        let opening = self.client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = opened(timeout(2 * CONNECT, opening).await)?;
        if self.epoch.is_some() {
            self.must_be_primary(&mut connection).await?;
        }
        Ok(connection)
    }

    /// A connection for subscriptions.
    pub(in super::super) async fn subscriptions(&self) -> Result<PubSub, Failure> {
        opened(timeout(2 * CONNECT, self.client.get_async_pubsub()).await)
    }

    /// Sentinels name a server before it knows that it was promoted, and after it died and came back as a replica.
    async fn must_be_primary(&self, connection: &mut MultiplexedConnection) -> Result<(), Failure> {
        let role: Result<Vec<Value>, _> = ::redis::cmd("ROLE").query_async(connection).await;
        let role = match role {
            Ok(role) => role,
            // A user without the right to ask finds out by the first write.
            Err(error) if error.code() == Some("NOPERM") => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(()),
            _ => Err(Failure::Down(format!("{} was named by Sentinel, but is no primary", self.name))),
        }
    }
}

fn opened<T, E>(opening: Result<Result<T, RedisError>, E>) -> Result<T, Failure> {
    match opening {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(Failure::Down(error.to_string())),
        Err(_) => Err(Failure::Down("Redis did not answer the connection in time".to_owned())),
    }
}
