//! Bounds of one connection and of one address.

use std::time::Duration;

use clap::Args;

use crate::limits::{
    Pace,
    addresses::AddressLimits,
    sends::{SendLimits, SendPace},
};

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
    /// Messages that one person may send to one room at once; whoever comes over loopback is free.
    #[arg(long, env = "HUBBUB_SEND_BURST", default_value_t = 120, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub send_burst: u32,
    /// Messages per second that the person may send there after that.
    #[arg(long, env = "HUBBUB_SEND_RATE", default_value_t = 4, value_name = "PER SECOND", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub send_rate: u32,
    /// The same in stored bytes, in KiB at once.
    #[arg(long, env = "HUBBUB_SEND_KIB_BURST", default_value_t = 512, value_name = "KIB", value_parser = clap::value_parser!(u32).range(128..=1_048_576))]
    pub send_kib_burst: u32,
    /// In KiB per second after that.
    #[arg(long, env = "HUBBUB_SEND_KIB_RATE", default_value_t = 8, value_name = "KIB PER SECOND", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub send_kib_rate: u32,
    /// Messages that one address may send to one room at once, and four times as many to all rooms; loopback is free.
    #[arg(long, env = "HUBBUB_ADDRESS_SEND_BURST", default_value_t = 600, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub address_send_burst: u32,
    /// Messages per second that the address may send there after that.
    #[arg(long, env = "HUBBUB_ADDRESS_SEND_RATE", default_value_t = 20, value_name = "PER SECOND", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub address_send_rate: u32,
    /// The same in stored bytes, in KiB at once.
    #[arg(long, env = "HUBBUB_ADDRESS_SEND_KIB_BURST", default_value_t = 1024, value_name = "KIB", value_parser = clap::value_parser!(u32).range(128..=1_048_576))]
    pub address_send_kib_burst: u32,
    /// In KiB per second after that.
    #[arg(long, env = "HUBBUB_ADDRESS_SEND_KIB_RATE", default_value_t = 16, value_name = "KIB PER SECOND", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub address_send_kib_rate: u32,
    /// Persons of one address that may ask to be forgotten at once; loopback is free.
    #[arg(long, env = "HUBBUB_FORGET_BURST", default_value_t = 10, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub forget_burst: u32,
    /// Seconds until that address may ask once more.
    #[arg(long, env = "HUBBUB_FORGET_SECONDS", default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub forget_seconds: u32,
    /// What may wait to be written to one connection, in KiB; beyond it the connection ends and resumes.
    #[arg(long, env = "HUBBUB_OUTBOX_KIB", default_value_t = 1024, value_name = "KIB", value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    pub outbox_kib: u32,
}

impl Limits {
    /// The bounds of one address.
    pub fn address(&self) -> AddressLimits {
        let each = |seconds: u32| Duration::from_secs(seconds.into());
        AddressLimits {
            sessions: self.sessions_per_address,
            new_rooms: Pace::new(self.new_room_burst, each(self.new_room_seconds)),
            forgets: Pace::new(self.forget_burst, each(self.forget_seconds)),
            ipv6_bits: self.ipv6_prefix,
        }
    }

    /// The bounds of sending.
    pub fn sends(&self) -> SendLimits {
        let kib =
            |burst: u32, rate: u32| Pace::per_second(burst.saturating_mul(1024), rate.saturating_mul(1024));
        SendLimits {
            person: SendPace {
                messages: Pace::per_second(self.send_burst, self.send_rate),
                bytes: kib(self.send_kib_burst, self.send_kib_rate),
            },
            address: SendPace {
                messages: Pace::per_second(self.address_send_burst, self.address_send_rate),
                bytes: kib(self.address_send_kib_burst, self.address_send_kib_rate),
            },
            ipv6_bits: self.ipv6_prefix,
        }
    }
}
