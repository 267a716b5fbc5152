//! Settings: flags and environment, each with a default and a unit, checked before anything starts.

#![expect(clippy::doc_markdown, reason = "the doc comments are the texts of --help")]

mod broker;
mod limits;
mod secret;
mod server;
mod times;
mod values;

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use shared::text::Room;

pub use self::{
    broker::Broker,
    limits::Limits,
    secret::{Secret, SecretError},
    server::Server,
    times::Times,
    values::Keep,
};

/// Room chat that scales sideways: serves the page and the WebSocket on one port.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "hubbub",
    version,
    max_term_width = 100,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub tool: Option<Tool>,
    /// The settings of the server.
    #[command(flatten)]
    pub config: Config,
}

/// What the binary does besides serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Tool {
    /// Give the space of trimmed history back to the file system. The node must be stopped.
    Compact {
        /// The file to compact.
        #[arg(long, env = "HUBBUB_DATA", default_value = "hubbub.redb", value_name = "FILE")]
        data: PathBuf,
    },
    /// Write the whole history, of the file or of Redis, to standard output, one JSON object a line.
    Export {
        /// Where it is kept.
        #[command(flatten)]
        broker: Broker,
    },
    /// Show or change how one room is kept: in Redis at any time, in the file while the node is stopped.
    Room {
        /// The room.
        #[arg(value_name = "NAME", value_parser = values::room)]
        name: Room,
        /// Messages that this room keeps, 0 for no history at all; `default` for as many as the settings say.
        #[arg(long, value_name = "COUNT", value_parser = values::keep)]
        keep: Option<Keep>,
        /// Where it is kept.
        #[command(flatten)]
        broker: Broker,
    },
    /// Ask the node that runs on this machine whether it is ready; exit code 0 when it is, else 1.
    Health {
        /// Address that it listens on.
        #[arg(long, env = "HOST", default_value = "127.0.0.1", value_name = "IP", value_parser = values::ip)]
        host: IpAddr,
        /// Port that it listens on.
        #[arg(long, env = "PORT", default_value_t = 8080, value_name = "PORT")]
        port: u16,
    },
}

/// All settings of a node.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where it listens and whom it trusts.
    #[command(flatten)]
    pub server: Server,
    /// What carries and keeps the messages.
    #[command(flatten)]
    pub broker: Broker,
    /// Bounds of one connection and of one address.
    #[command(flatten)]
    pub limits: Limits,
    /// Deadlines.
    #[command(flatten)]
    pub times: Times,
    /// What to log, as tracing filter directives (info, debug, backend=trace).
    #[arg(long, help_heading = "Log", env = "HUBBUB_LOG", default_value = "info", value_name = "FILTER", value_parser = values::log_filter)]
    pub log: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bad_values_name_setting_value_and_what_is_allowed() {
        for (flag, value, allowed) in [
            ("--port", "99999", "0..=65535"),
            ("--port", "http", "invalid digit"),
            ("--host", "localhost", "must be an IP address"),
            ("--admin-listen", "9090", "must be an IP address and a port"),
            ("--origin", "chat.example.org", "https://chat.example.org"),
            ("--origin", "https://chat.example.org/path", "nothing after it"),
            ("--drain-timeout", "0", "0.01 to 86400"),
            ("--history-messages", "0", "1..=1000000"),
            ("--redis-prefix", "a{b}", "without { and }"),
            ("--redis-wait-replicas", "101", "0..=100"),
            ("--ipv6-prefix", "32", "48..=128"),
        ] {
            let error = Cli::try_parse_from(["hubbub", flag, value]).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.exit_code(), 2);
            for part in [flag, value, allowed] {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
        }
    }

    #[test]
    fn nothing_prints_a_secret() {
        let config =
            Cli::parse_from(["hubbub", "--secret", "swordfish", "--redis-url", "redis://:swordfish@host"])
                .config;
        let secret = config.server.secret().unwrap_err().to_string();
        for text in [format!("{config:?}"), secret] {
            assert!(!text.contains("swordfish"), "{text}");
        }
    }
}
