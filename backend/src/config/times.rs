//! Deadlines.

use std::time::Duration;

use clap::Args;

use super::values;

/// Deadlines.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Times")]
pub struct Times {
    /// For a complete request header, and for hello after the upgrade.
    #[arg(long, env = "HUBBUB_HELLO_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = values::seconds)]
    pub hello_timeout: Duration,
    /// Between pings to a silent connection.
    #[arg(long, env = "HUBBUB_PING_INTERVAL", default_value = "25", value_name = "SECONDS", value_parser = values::seconds)]
    pub ping_interval: Duration,
    /// For the answer to a ping.
    #[arg(long, env = "HUBBUB_PONG_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = values::seconds)]
    pub pong_timeout: Duration,
    /// For writing what waits to one connection; and how long a response may wait for a peer that does not read.
    #[arg(long, env = "HUBBUB_WRITE_TIMEOUT", default_value = "5", value_name = "SECONDS", value_parser = values::seconds)]
    pub write_timeout: Duration,
    /// How long a room without members stays with this node.
    #[arg(long, env = "HUBBUB_LINGER", default_value = "1", value_name = "SECONDS", value_parser = values::seconds)]
    pub linger: Duration,
    /// For leaving after SIGTERM.
    #[arg(long, env = "HUBBUB_DRAIN_TIMEOUT", default_value = "15", value_name = "SECONDS", value_parser = values::seconds)]
    pub drain_timeout: Duration,
}
