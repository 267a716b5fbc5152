//! Bounds of one connection and of one address.

use clap::Args;

/// Bounds of one connection and of one address.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Rooms that one connection may be in.
    #[arg(long, env = "HUBBUB_ROOMS_PER_SESSION", default_value_t = 500, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rooms_per_session: u32,
    /// Leading bits of an IPv6 address that are counted as one address: 64 for the networks that customers get, 56 where they get more.
    #[arg(long, env = "HUBBUB_IPV6_PREFIX", default_value_t = 64, value_name = "BITS", value_parser = clap::value_parser!(u8).range(48..=128))]
    pub ipv6_prefix: u8,
    /// TCP connections in all, a quarter of them for sockets alone. Without it seven eighths of the descriptors that the process may open.
    #[arg(long, env = "HUBBUB_CONNECTIONS", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(4..=1_000_000))]
    pub connections: Option<u32>,
    /// TCP connections from one address, never more than half of all; loopback and trusted proxies are free.
    #[arg(long, env = "HUBBUB_CONNECTIONS_PER_ADDRESS", default_value_t = 1100, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: u32,
    /// Sockets from one address; loopback is free.
    #[arg(long, env = "HUBBUB_SESSIONS_PER_ADDRESS", default_value_t = 1000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub sessions_per_address: u32,
    /// Commands that one connection may send at once.
    #[arg(long, env = "HUBBUB_COMMAND_BURST", default_value_t = 4000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub command_burst: u32,
    /// Commands per second that one connection may send after that.
    #[arg(long, env = "HUBBUB_COMMAND_RATE", default_value_t = 2000, value_name = "PER SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    pub command_rate: u32,
    /// New rooms that one address may make at once; loopback is free.
    #[arg(long, env = "HUBBUB_NEW_ROOM_BURST", default_value_t = 60, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub new_room_burst: u32,
    /// Seconds until that address may make one more.
    #[arg(long, env = "HUBBUB_NEW_ROOM_SECONDS", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub new_room_seconds: u32,
    /// What may wait to be written to one connection, in KiB; beyond it the connection ends and resumes.
    #[arg(long, env = "HUBBUB_OUTBOX_KIB", default_value_t = 1024, value_name = "KIB", value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    pub outbox_kib: u32,
}
