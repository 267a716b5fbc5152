//! A Redis that lives as long as the cluster, on a free port.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::children::Children;
use crate::setup;

/// Starts it and waits until it answers; returns its URL.
pub(super) fn start(children: &mut Children, folder: &Path) -> Result<String> {
    let program = setup::redis_server()?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    let port = port.context("no port is free")?.port();
    let mut redis = Command::new(program);
    redis.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"]).arg(folder);
    // Kept as a production Redis should keep it: every write in the append-only file, nothing ever evicted.
    redis.args([
        "--appendonly",
        "yes",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
        "--loglevel",
        "warning",
    ]);
    children.start("redis", &mut redis)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let start = Instant::now();
    while !answers(address) {
        if let Some((_, status)) = children.ended()? {
            bail!("redis-server ended at once ({status}); its reason is above");
        }
        if start.elapsed() > Duration::from_secs(20) {
            bail!("redis-server does not answer on port {port} after 20 s");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(format!("redis://127.0.0.1:{port}"))
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let wait = Duration::from_secs(1);
        let mut connection = TcpStream::connect_timeout(&address, wait)?;
        connection.set_read_timeout(Some(wait))?;
        connection.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        connection.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG")
    };
    ask().unwrap_or(false)
}
