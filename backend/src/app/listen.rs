//! Where the node listens, and how many connections that is good for.

use std::net::SocketAddr;

use rustix::process::{Resource, getrlimit};
use tokio::net::TcpListener;

use super::StartError;
use crate::{
    config::{Limits, Server},
    limits::connections::ConnectionLimits,
};

/// The connections of operators: few, and none that the others could take from them.
pub(super) const OPERATORS: ConnectionLimits = ConnectionLimits { all: 32, per_address: 32, ipv6_bits: 64 };

/// Most connections, where the system has no bound of its own.
const MOST: u64 = 1_000_000;

/// The listener for everybody.
pub(super) async fn for_everybody(server: &Server) -> Result<(TcpListener, SocketAddr), StartError> {
    bind(SocketAddr::new(server.host, server.port), "--host, --port").await
}

/// The listener for operators of a node that got the port `port`. A default that is taken keeps no node from serving.
pub(super) async fn for_operators(
    server: &Server,
    port: u16,
) -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
    if let Some(address) = server.admin_listen {
        return bind(address, "--admin-listen").await.map(Some);
    }
    let address = Server::default_admin(port);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some((listener, address))),
        Err(error) => {
            tracing::warn!(
                "operators are not served, there is no /metrics: {address} cannot be listened on ({error}); \
                 --admin-listen names another address"
            );
            Ok(None)
        }
    }
}

async fn bind(address: SocketAddr, flags: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { flags, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The bounds of connections: in all, as many as set, else seven eighths of the descriptors of this process.
pub(super) fn connections(limits: &Limits) -> ConnectionLimits {
    let share = || {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(MOST).min(MOST);
        u32::try_from(descriptors - descriptors / 8).unwrap_or(u32::MAX)
    };
    ConnectionLimits {
        all: limits.connections.unwrap_or_else(share).max(4),
        per_address: limits.connections_per_address,
        ipv6_bits: limits.ipv6_prefix,
    }
}
