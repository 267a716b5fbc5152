//! What carries and keeps the messages.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{Secret, SecretError, values};

/// What carries and keeps the messages.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Broker")]
pub struct Broker {
    /// Redis that joins several nodes, as in redis://127.0.0.1:6379 or redis+sentinel://host:26379,other:26379/NAME; with TLS rediss:// and rediss+sentinel://. Without it this node is alone and keeps its own history.
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", group = "redis")]
    pub redis_url: Option<Secret>,
    /// File with that address in its first line, so that its password is in no list of processes.
    #[arg(long, env = "REDIS_URL_FILE", value_name = "FILE", group = "redis")]
    pub redis_url_file: Option<PathBuf>,
    /// File of PEM certificates to believe when Redis is spoken to in TLS, instead of those that the system believes.
    #[arg(long, env = "HUBBUB_REDIS_CA", value_name = "FILE", requires = "redis")]
    pub redis_ca: Option<PathBuf>,
    /// What every key and channel in Redis starts with.
    #[arg(long, env = "HUBBUB_REDIS_PREFIX", default_value = "hubbub:", value_name = "TEXT", value_parser = values::prefix)]
    pub redis_prefix: String,
    /// Replicas that a message must have reached before it is acknowledged. While there are fewer, the node is not ready and sends end with the code timeout.
    #[arg(long, env = "HUBBUB_REDIS_WAIT_REPLICAS", default_value_t = 0, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub redis_wait_replicas: u32,
    /// File that keeps the history of a node without Redis.
    #[arg(long, env = "HUBBUB_DATA", default_value = "hubbub.redb", value_name = "FILE")]
    pub data: PathBuf,
    /// Messages kept per room.
    #[arg(long, env = "HUBBUB_HISTORY_MESSAGES", default_value_t = 10_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub history_messages: u32,
    /// Days for which messages are kept.
    #[arg(long, env = "HUBBUB_HISTORY_DAYS", default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub history_days: u32,
    /// How long messages are kept however many come after them, up to ten times as many.
    #[arg(long, env = "HUBBUB_HISTORY_MIN_AGE", default_value = "3600", value_name = "SECONDS", value_parser = values::seconds)]
    pub history_min_age: Duration,
    /// Memory for recent messages of all rooms, from which returning clients are answered, in MiB.
    #[arg(long, env = "HUBBUB_RING_MIB", default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u32).range(0..=65_536))]
    pub ring_mib: u32,
}

impl Broker {
    /// The address of Redis that the settings name, if they name one.
    pub fn redis(&self) -> Result<Option<Secret>, SecretError> {
        match (&self.redis_url, &self.redis_url_file) {
            (Some(url), _) => Ok(Some(url.clone())),
            (None, Some(path)) => Secret::read(path, "--redis-url-file").map(Some),
            (None, None) => Ok(None),
        }
    }
}
