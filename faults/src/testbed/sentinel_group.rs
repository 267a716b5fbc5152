//! A primary with replicas, and the Sentinels that watch them.

use anyhow::{Context, Result};
use testkit::{RedisOptions, RedisServer, Sentinels};

const PASSWORD: &str = "open-sesame";
const REPLICAS: usize = 2;

/// A primary with replicas, and the Sentinels that watch them.
#[derive(Debug)]
pub struct SentinelGroup {
    /// The servers; which of them is the primary changes.
    pub servers: Vec<RedisServer>,
    /// The Sentinels.
    pub sentinels: Sentinels,
}

impl SentinelGroup {
    /// Starts all of them; the replicas follow. Blocks.
    pub fn start() -> Result<Self> {
        let server = || RedisServer::with(RedisOptions::default().grouped(PASSWORD));
        let servers: Vec<_> = (0..=REPLICAS).map(|_| server()).collect::<Result<_>>()?;
        for replica in &servers[1..] {
            replica.follow(servers[0].port())?;
        }
        let sentinels = Sentinels::start(&servers[0], REPLICAS, PASSWORD)?;
        Ok(Self { servers, sentinels })
    }

    /// The index of the server that the Sentinels name. Blocks.
    pub fn primary(&self) -> Result<usize> {
        let port = self.sentinels.primary()?;
        let named = self.servers.iter().position(|server| server.port() == port);
        named.context("the Sentinels name a server that is none of the group")
    }

    /// Whether this server follows another one and has what that one has. Blocks.
    pub fn follows(&self, server: usize) -> bool {
        let about = self.servers[server].command(&["INFO", "replication"]);
        about.is_ok_and(|about| about.contains("role:slave") && about.contains("master_link_status:up"))
    }
}
