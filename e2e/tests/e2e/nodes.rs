//! Nodes with the page in them, and the Redis that joins them.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use tempfile::TempDir;
use testkit::{NodeProcess, RedisServer};

/// How long a node may take to be ready.
const READY: Duration = Duration::from_secs(30);

/// Nodes that share a Redis. All of it is gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<NodeProcess>,
    redis: RedisServer,
}

impl Cluster {
    /// Starts a Redis and that many nodes; all are ready when this returns.
    pub(crate) fn start(nodes: usize) -> Result<Self> {
        let redis = RedisServer::start()?;
        let url = redis.url();
        let binary = binary()?;
        let start = |_| ready(NodeProcess::start(&binary, &[], &[("REDIS_URL", &url)])?);
        Ok(Self { nodes: (0..nodes).map(start).collect::<Result<_>>()?, redis })
    }

    /// The same on ports of the caller's choice.
    pub(crate) fn start_on(ports: &[u16]) -> Result<Self> {
        let redis = RedisServer::start()?;
        let url = redis.url();
        let binary = binary()?;
        let start = |port: &u16| ready(NodeProcess::start_on(*port, &binary, &[], &[("REDIS_URL", &url)])?);
        Ok(Self { nodes: ports.iter().map(start).collect::<Result<_>>()?, redis })
    }

    /// One more node, with settings of its own; ready when this returns.
    pub(crate) fn add(&mut self, settings: &[(&str, &str)]) -> Result<()> {
        let url = self.redis.url();
        let settings: Vec<_> = settings.iter().copied().chain([("REDIS_URL", url.as_str())]).collect();
        self.nodes.push(ready(NodeProcess::start(&binary()?, &[], &settings)?)?);
        Ok(())
    }
}

/// A node by itself, with its history in a temporary file.
#[derive(Debug)]
pub(crate) struct SingleNode {
    pub(crate) node: NodeProcess,
    _folder: TempDir,
}

impl SingleNode {
    /// Starts it; it is ready when this returns.
    pub(crate) fn start() -> Result<Self> {
        let folder = TempDir::with_prefix("hubbub-e2e-")?;
        let file = folder.path().join("rooms.redb");
        let node = NodeProcess::start(&binary()?, &["--data", &file.to_string_lossy()], &[])?;
        Ok(Self { node: ready(node)?, _folder: folder })
    }

    /// Ends the node without a warning and starts it again; ready when this returns.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.node.restart()?;
        self.node.wait_ready(READY)
    }
}

/// Starts a node again that was killed; ready when this returns.
pub(crate) fn restart(node: &mut NodeProcess) -> Result<()> {
    node.restart()?;
    node.wait_ready(READY)
}

pub(crate) fn ready(mut node: NodeProcess) -> Result<NodeProcess> {
    node.wait_ready(READY)?;
    let (status, page) = node.get("/")?;
    ensure!(
        status == 200 && page.contains("id=\"shell\""),
        "the node has no page in it; build it with: cargo xtask test e2e"
    );
    Ok(node)
}

/// The server: what `HUBBUB_BIN` names, else the one that was built with these tests.
pub(crate) fn binary() -> Result<PathBuf> {
    if let Some(named) = env::var_os("HUBBUB_BIN") {
        return Ok(named.into());
    }
    // This program is target/debug/deps/e2e-<hash>, wherever the target folder is.
    let own = env::current_exe()?;
    let debug = own.parent().and_then(Path::parent).unwrap_or(&own);
    let binary = debug.join(format!("hubbub{}", env::consts::EXE_SUFFIX));
    ensure!(binary.is_file(), "{} is not there; build it with: cargo xtask test e2e", binary.display());
    Ok(binary)
}
