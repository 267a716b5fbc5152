//! Where Redis is, and connections to it.
//!
//! One address names either a server or Sentinels that know which server is the primary. They are asked before every
//! connection, so whatever ends a connection also ends the belief in the server behind it.

mod sentinels;
mod trust;

use std::{sync::Arc, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, RedisError, Value,
    aio::{MultiplexedConnection, PubSub},
};
use tokio::time::timeout;

use self::sentinels::Sentinels;
pub(super) use self::trust::Trust;
use super::failure::Failure;

/// For the TCP connection and the greeting, each.
const CONNECT: Duration = Duration::from_secs(2);

/// What an address may look like, for people.
const ALLOWED: &str = "must be a Redis address, as in redis://127.0.0.1:6379 or, through Sentinels, redis+sentinel://host:26379,other:26379/NAME; with TLS rediss://host:6379 or rediss+sentinel://…";

/// Where Redis is. Cheap to clone; clones share what the Sentinels said last.
#[derive(Debug, Clone)]
pub(super) enum Address {
    /// A server, or whatever answers there.
    Server(Box<Server>),
    /// Those who know the primary.
    Sentinels(Arc<Sentinels>),
}

/// One server, for as many connections as are wanted.
#[derive(Debug, Clone)]
pub(super) struct Server {
    client: Client,
    name: Arc<str>,
    /// How often the primary had changed when Sentinels named this one. `None`: nobody named it.
    epoch: Option<u64>,
}

impl Address {
    /// Takes a URL apart; connects to nothing.
    pub(super) fn parse(url: &str, trust: &Trust) -> Result<Self, String> {
        if let Some(sentinels) = Sentinels::parse(url, trust) {
            return Ok(Self::Sentinels(Arc::new(sentinels?)));
        }
        let info = url.into_connection_info().map_err(|error| format!("{ALLOWED} ({error})"))?;
        let name = info.addr().to_string().into();
        let client = trust.client(info).map_err(|error| format!("{ALLOWED} ({error})"))?;
        Ok(Self::Server(Box::new(Server { client, name, epoch: None })))
    }

    /// Whether everything that is said goes over TLS.
    pub(super) fn is_tls(&self) -> bool {
        match self {
            Self::Server(server) => trust::is_tls(server.client.get_connection_info()),
            Self::Sentinels(sentinels) => sentinels.is_tls(),
        }
    }

    /// The server to connect to now.
    pub(super) async fn find(&self) -> Result<Server, Failure> {
        match self {
            Self::Server(server) => Ok((**server).clone()),
            Self::Sentinels(sentinels) => sentinels.find().await,
        }
    }

    /// Whether somebody has learned meanwhile that another server is the primary. Asks nobody.
    pub(super) fn left(&self, server: &Server) -> bool {
        match self {
            Self::Server(_) => false,
            Self::Sentinels(sentinels) => sentinels.left(server),
        }
    }

    /// Asks whether the server still is the primary. A server that was cut off from its Sentinels, but not from this
    /// node, does not know that it no longer is, and takes messages that will be dropped. Sentinels that do not answer
    /// change nothing.
    pub(super) async fn confirm(&self, server: &Server) -> Result<(), Failure> {
        match self {
            Self::Server(_) => Ok(()),
            Self::Sentinels(sentinels) => sentinels.confirm(server).await,
        }
    }

    /// Ends when another server has become the primary instead of this one, as soon as somebody says so. What is missed
    /// here, [`Address::confirm`] finds out.
    pub(super) async fn replaced(&self, server: &Server) -> Failure {
        match self {
            Self::Server(_) => std::future::pending().await,
            Self::Sentinels(sentinels) => sentinels.replaced(server).await,
        }
    }
}

impl Server {
    /// Tells it from other servers.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A connection for commands, each answered within `answer` or [`Failure::Timeout`].
    pub(super) async fn commands(&self, answer: Duration) -> Result<MultiplexedConnection, Failure> {
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
    pub(super) async fn subscriptions(&self) -> Result<PubSub, Failure> {
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
