//! Real Redis servers, real nodes and real connections for tests. Servers start on free ports, can be paused and killed,
//! and end with the test.
//!
//! Everything but [`client`] blocks with a deadline; call it from a test directly, or from `spawn_blocking` where other
//! tasks must go on meanwhile.

#![forbid(unsafe_code)]

pub mod client;
pub mod node;
pub mod preload;
mod process;
pub mod redis;
pub mod sentinel;

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    io,
    net::TcpListener,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

pub use self::{
    client::{ConnectOptions, Connection, Received},
    node::{NodeProcess, admin, get},
    preload::Preload,
    process::raise_descriptor_limit,
    redis::{Data, RedisOptions, RedisServer},
    sentinel::Sentinels,
};

/// Where free ports are looked for: below those that systems give to outgoing connections. A server that is started
/// again must find its port as it left it, and not taken by a client that tried to reach it meanwhile, perhaps by
/// connecting to itself.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A TCP port on the loopback interface that nobody listened on a moment ago. Somebody else may take it
/// before the caller does; whoever starts a server on it tries again with another one.
pub fn free_port() -> io::Result<u16> {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let random = RandomState::new().hash_one(std::process::id());
        AtomicU16::new(u16::try_from(random % u64::from(COUNT)).unwrap_or_default())
    });
    for _ in 0..100 {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
