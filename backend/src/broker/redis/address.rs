//! Where Redis is, and connections to it.
//!
//! One address names either a server or Sentinels that know which server is the primary. They are asked before every
//! connection, so whatever ends a connection also ends the belief in the server behind it.

mod sentinels;
mod server;
mod trust;

use std::sync::Arc;

use ::redis::IntoConnectionInfo;

use self::{sentinels::Sentinels, server::ALLOWED};
pub(super) use self::{server::Server, trust::Trust};
use super::failure::Failure;

/// Where Redis is. Cheap to clone; clones share what the Sentinels said last.
#[derive(Debug, Clone)]
pub(super) enum Address {
    /// A server, or whatever answers there.
    Server(Box<Server>),
    /// Those who know the primary.
    Sentinels(Arc<Sentinels>),
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
