//! Real Redis servers and real nodes for tests: started on free ports, paused, killed, and gone when the test is.
//!
//! Everything here blocks with a deadline; call it from a test directly, or from `spawn_blocking` where other
//! tasks must go on meanwhile.

#![forbid(unsafe_code)]

pub mod node;
mod process;
pub mod redis;

use std::{io, net::TcpListener};

pub use self::{
    node::NodeProcess,
    redis::{Data, RedisOptions, RedisServer},
};

/// A TCP port on the loopback interface that nobody listened on a moment ago. Somebody else may take it
/// before the caller does; whoever starts a server on it tries again with another one.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
