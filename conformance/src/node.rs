//! Where a node is.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result};

/// A node's address, from its URL.
#[derive(Debug, Clone)]
pub struct Node {
    /// As in the URL, with the port: what goes into `Host` and `Origin`.
    pub authority: String,
    /// Where to connect.
    pub address: SocketAddr,
}

impl Node {
    /// From `ws://HOST:PORT`, with or without a path. Asks the resolver.
    pub fn at(url: &str) -> Result<Self> {
        let rest =
            url.strip_prefix("ws://").with_context(|| format!("{url} is not of the form ws://HOST:PORT"))?;
        let authority = rest.split('/').next().unwrap_or_default();
        let with_port = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
            _ => format!("{authority}:80"),
        };
        let mut addresses = with_port.to_socket_addrs().with_context(|| format!("{url} leads nowhere"))?;
        let address = addresses.next().with_context(|| format!("{url} leads nowhere"))?;
        Ok(Self { authority: authority.to_owned(), address })
    }
}
