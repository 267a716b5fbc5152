//! Settings: flags and environment, each with a default and a unit, checked before anything starts.

#![expect(clippy::doc_markdown, reason = "the doc comments are the texts of --help")]

use std::{net::IpAddr, path::PathBuf, time::Duration};

use axum::http::Uri;
use clap::{ArgAction, Args, Parser, Subcommand};
use shared::text::Room;

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
    /// Do something else than serve.
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
        #[arg(value_name = "NAME", value_parser = room)]
        name: Room,
        /// Messages that this room keeps, 0 for no history at all; `default` for as many as the settings say.
        #[arg(long, value_name = "COUNT", value_parser = keep)]
        keep: Option<Keep>,
        /// Where it is kept.
        #[command(flatten)]
        broker: Broker,
    },
    /// Ask the node that runs on this machine whether it is ready; exit code 0 when it is, else 1.
    Health {
        /// Address that it listens on.
        #[arg(long, env = "HOST", default_value = "127.0.0.1", value_name = "IP", value_parser = ip)]
        host: IpAddr,
        /// Port that it listens on.
        #[arg(long, env = "PORT", default_value_t = 8080, value_name = "PORT")]
        port: u16,
    },
}

/// How many messages a room is to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many, to 1000000. With 0 messages are passed on and not kept.
    Count(u32),
    /// As many as the settings of the nodes say.
    Default,
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
    #[arg(long, help_heading = "Log", env = "HUBBUB_LOG", default_value = "info", value_name = "FILTER", value_parser = log_filter)]
    pub log: String,
}

/// Where the node listens and whom it trusts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct Server {
    /// Address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 or :: for everybody.
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_name = "IP", value_parser = ip)]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, env = "PORT", default_value_t = 8080, value_name = "PORT")]
    pub port: u16,
    /// Address under which browsers reach this node, where it is not the one it listens on, as in https://chat.example.org.
    #[arg(long, env = "HUBBUB_PUBLIC_URL", value_name = "URL", value_parser = origin)]
    pub public_url: Option<String>,
    /// Another origin whose pages may open the socket, as in http://localhost:8088. May be repeated.
    #[arg(long = "origin", env = "HUBBUB_ORIGINS", value_name = "ORIGIN", value_delimiter = ',', value_parser = origin)]
    pub origins: Vec<String>,
    /// Address of a proxy whose X-Forwarded-For and X-Forwarded-Host are believed. May be repeated.
    #[arg(long, env = "HUBBUB_TRUSTED_PROXIES", value_name = "IP", value_delimiter = ',', value_parser = ip)]
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether clients without a subprotocol (the classic dialect) are served.
    #[arg(long, env = "HUBBUB_CLASSIC", default_value_t = true, action = ArgAction::Set, value_name = "true|false")]
    pub classic: bool,
    /// Secret that identity tokens are signed with, at least 32 characters. Without it one is made and kept by the broker.
    #[arg(long, env = "HUBBUB_SECRET", hide_env_values = true, value_name = "TEXT", value_parser = secret)]
    pub secret: Option<Secret>,
}

/// What carries and keeps the messages.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Broker")]
pub struct Broker {
    /// Redis that joins several nodes, as in redis://127.0.0.1:6379 or redis+sentinel://host:26379,other:26379/NAME; with TLS rediss:// and rediss+sentinel://. Without it this node is alone and keeps its own history.
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", value_parser = redis_url)]
    pub redis_url: Option<String>,
    /// File of PEM certificates to believe when Redis is spoken to in TLS, instead of those that the system believes.
    #[arg(long, env = "HUBBUB_REDIS_CA", value_name = "FILE", requires = "redis_url")]
    pub redis_ca: Option<PathBuf>,
    /// What every key and channel in Redis starts with.
    #[arg(long, env = "HUBBUB_REDIS_PREFIX", default_value = "hubbub:", value_name = "TEXT", value_parser = prefix)]
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
    /// Memory for recent messages of all rooms, from which returning clients are answered, in MiB.
    #[arg(long, env = "HUBBUB_RING_MIB", default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u32).range(0..=65_536))]
    pub ring_mib: u32,
}

/// Bounds of one connection and of one address.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Rooms that one connection may be in.
    #[arg(long, env = "HUBBUB_ROOMS_PER_SESSION", default_value_t = 500, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rooms_per_session: u32,
    /// Connections from one address; loopback is free.
    #[arg(long, env = "HUBBUB_SESSIONS_PER_ADDRESS", default_value_t = 1000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub sessions_per_address: u32,
    /// Commands that one connection may send at once.
    #[arg(long, env = "HUBBUB_COMMAND_BURST", default_value_t = 4000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub command_burst: u32,
    /// Commands per second that one connection may send after that.
    #[arg(long, env = "HUBBUB_COMMAND_RATE", default_value_t = 2000, value_name = "PER SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    pub command_rate: u32,
    /// New rooms that one address may make at once; loopback is free.
    #[arg(long, env = "HUBBUB_NEW_ROOM_BURST", default_value_t = 60, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub new_room_burst: u32,
    /// Seconds until that address may make one more.
    #[arg(long, env = "HUBBUB_NEW_ROOM_SECONDS", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub new_room_seconds: u32,
    /// What may wait to be written to one connection, in KiB; beyond it the connection ends and resumes.
    #[arg(long, env = "HUBBUB_OUTBOX_KIB", default_value_t = 1024, value_name = "KIB", value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    pub outbox_kib: u32,
}

/// Deadlines.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Times")]
pub struct Times {
    /// For a complete request header, and for hello after the upgrade.
    #[arg(long, env = "HUBBUB_HELLO_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub hello_timeout: Duration,
    /// Between pings to a silent connection.
    #[arg(long, env = "HUBBUB_PING_INTERVAL", default_value = "25", value_name = "SECONDS", value_parser = seconds)]
    pub ping_interval: Duration,
    /// For the answer to a ping.
    #[arg(long, env = "HUBBUB_PONG_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub pong_timeout: Duration,
    /// For writing what waits to one connection.
    #[arg(long, env = "HUBBUB_WRITE_TIMEOUT", default_value = "5", value_name = "SECONDS", value_parser = seconds)]
    pub write_timeout: Duration,
    /// How long a room without members stays with this node.
    #[arg(long, env = "HUBBUB_LINGER", default_value = "1", value_name = "SECONDS", value_parser = seconds)]
    pub linger: Duration,
    /// For leaving after SIGTERM.
    #[arg(long, env = "HUBBUB_DRAIN_TIMEOUT", default_value = "15", value_name = "SECONDS", value_parser = seconds)]
    pub drain_timeout: Duration,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn room(text: &str) -> Result<Room, String> {
    Room::parse(text).map_err(|error| error.to_string())
}

fn keep(text: &str) -> Result<Keep, String> {
    if text == "default" {
        return Ok(Keep::Default);
    }
    match text.parse() {
        Ok(count @ 0..=1_000_000) => Ok(Keep::Count(count)),
        _ => Err("must be a number of messages from 0 to 1000000, or default".into()),
    }
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "must be an IP address, as in 127.0.0.1, 0.0.0.0 or ::1".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let allowed = "must be a number of seconds from 0.01 to 86400";
    let seconds: f64 = text.parse().map_err(|_| allowed)?;
    if (0.01..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(allowed.into())
    }
}

fn secret(text: &str) -> Result<Secret, String> {
    if text.len() < 32 {
        return Err("must have at least 32 characters".into());
    }
    Ok(Secret(text.to_owned()))
}

fn prefix(text: &str) -> Result<String, String> {
    let allowed = text.bytes().all(|b| b.is_ascii_graphic() && b != b'{' && b != b'}');
    if text.len() <= 64 && allowed {
        Ok(text.to_owned())
    } else {
        Err("must have at most 64 visible ASCII characters, without { and }".into())
    }
}

fn redis_url(text: &str) -> Result<String, String> {
    match text.split_once("://") {
        // Whoever connects takes it apart and says what is wrong with it.
        Some(("redis+sentinel" | "rediss+sentinel", _)) => Ok(text.to_owned()),
        Some(("redis" | "rediss" | "redis+unix" | "unix", rest)) if !rest.is_empty() => {
            ::redis::IntoConnectionInfo::into_connection_info(text)
                .map(|_| text.to_owned())
                .map_err(|error| format!("must be a Redis address, as in redis://127.0.0.1:6379 ({error})"))
        }
        _ => Err("must be a Redis address, as in redis://127.0.0.1:6379".into()),
    }
}

/// `scheme://host[:port]` in lower case, as browsers send it in `Origin` (RFC 6454 §6.2).
fn origin(text: &str) -> Result<String, String> {
    let allowed =
        "must be http:// or https:// with a host and nothing after it, as in https://chat.example.org";
    let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| allowed)?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme @ ("http" | "https")), Some(authority))
            if matches!(uri.path(), "" | "/")
                && uri.query().is_none()
                && !authority.as_str().contains('@') =>
        {
            Ok(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
        }
        _ => Err(allowed.into()),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("must be tracing filter directives, as in info or backend=debug ({error})"))
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
            ("--redis-url", "http://x", "redis://127.0.0.1:6379"),
            ("--redis-url", "redis://", "redis://127.0.0.1:6379"),
            ("--origin", "chat.example.org", "https://chat.example.org"),
            ("--origin", "https://chat.example.org/path", "nothing after it"),
            ("--secret", "short", "at least 32"),
            ("--drain-timeout", "0", "0.01 to 86400"),
            ("--history-messages", "0", "1..=1000000"),
            ("--redis-prefix", "a{b}", "without { and }"),
            ("--redis-wait-replicas", "101", "0..=100"),
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
    fn origins_are_kept_as_browsers_send_them() {
        assert_eq!(origin("https://Chat.Example.org/").unwrap(), "https://chat.example.org");
        assert_eq!(origin("http://localhost:8088").unwrap(), "http://localhost:8088");
    }
}
