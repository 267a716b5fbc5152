//! A cluster that already runs.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, ensure};

/// A cluster that already runs: the run uses client connections only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalCluster {
    /// Its nodes.
    pub nodes: Vec<SocketAddr>,
    /// Unique to this run; part of the name of each of its rooms.
    pub mark: String,
}

impl ExternalCluster {
    /// From `ws://HOST:PORT` for each node. Asks the resolver.
    pub fn at(urls: &[String], mark: String) -> Result<Self> {
        let nodes = urls.iter().map(|url| place(url)).collect::<Result<Vec<_>>>()?;
        ensure!(!nodes.is_empty(), "a cluster has at least one node");
        Ok(Self { nodes, mark })
    }
}

fn place(url: &str) -> Result<SocketAddr> {
    let rest = url.strip_prefix("ws://").map(|rest| rest.trim_end_matches("/ws").trim_end_matches('/'));
    let place = rest.with_context(|| format!("{url} is not of the form ws://HOST:PORT"))?;
    let mut places = place.to_socket_addrs().with_context(|| format!("{url} leads nowhere"))?;
    places.next().with_context(|| format!("{url} leads nowhere"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_named_by_their_websocket() -> Result<()> {
        let urls = ["ws://127.0.0.1:8080", "ws://127.0.0.1:8081/", "ws://[::1]:8082/ws"].map(str::to_owned);
        let running = ExternalCluster::at(&urls, "mark".to_owned())?;
        let places: Vec<_> = running.nodes.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["127.0.0.1:8080", "127.0.0.1:8081", "[::1]:8082"]);
        for bad in ["127.0.0.1:8080", "wss://127.0.0.1:8080", "ws://127.0.0.1", "ws://"] {
            assert!(ExternalCluster::at(&[bad.to_owned()], "mark".to_owned()).is_err(), "{bad}");
        }
        Ok(())
    }
}
