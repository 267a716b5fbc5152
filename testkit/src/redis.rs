//! A real redis-server.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::{free_port, process::Process};

const START: Duration = Duration::from_secs(20);
const REPLY: Duration = Duration::from_secs(5);

/// A redis-server of its own: a free port on 127.0.0.1, a temporary folder, killed when dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    port: u16,
    folder: TempDir,
    options: RedisOptions,
}

/// How a [`RedisServer`] is set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedisOptions {
    /// `appendonly yes` with this `appendfsync` (`always`, `everysec`, `no`); without it nothing is kept on disk.
    pub append_only: Option<&'static str>,
    /// Further lines of redis.conf: a directive and its value.
    pub config: Vec<(String, String)>,
    /// Further variables of its environment: names and values.
    pub env: Vec<(String, String)>,
}

impl RedisOptions {
    /// One more line of redis.conf.
    #[must_use]
    pub fn line(mut self, directive: &str, value: &str) -> Self {
        self.config.push((directive.to_owned(), value.to_owned()));
        self
    }

    /// Part of a group of which one is the primary: quick to attach replicas, and with a password for all.
    #[must_use]
    pub fn grouped(self, password: &str) -> Self {
        self.line("repl-diskless-sync-delay", "0").line("requirepass", password).line("masterauth", password)
    }

    fn password(&self) -> Option<&str> {
        self.config.iter().find(|(name, _)| name == "requirepass").map(|(_, password)| password.as_str())
    }
}

/// What a restarted server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// What it had written to disk.
    Kept,
    /// Nothing.
    Dropped,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    pub fn start() -> Result<Self> {
        Self::with(RedisOptions::default())
    }

    /// Starts a server and waits until it answers.
    pub fn with(options: RedisOptions) -> Result<Self> {
        let folder = TempDir::with_prefix("redis-")?;
        let mut last = anyhow!("no port was free");
        for _ in 0..5 {
            let port = free_port()?;
            match launch(port, folder.path(), &options) {
                Ok(process) => return Ok(Self { process, port, folder, options }),
                Err(error) if error.is::<Missing>() => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The port on 127.0.0.1; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// `redis://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// SIGKILL; gone when this returns.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        self.process.wait(within)
    }

    /// Kills it if it still runs and starts it again on the same port.
    pub fn restart(&mut self, data: Data) -> Result<()> {
        self.kill()?;
        if data == Data::Dropped {
            for entry in fs::read_dir(self.folder.path())? {
                let path = entry?.path();
                if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
            }
        }
        self.process = launch(self.port, self.folder.path(), &self.options)?;
        Ok(())
    }

    /// SIGSTOP: its sockets stay open and nobody answers.
    pub fn pause(&mut self) -> Result<()> {
        self.process.signal(Signal::STOP)
    }

    /// SIGCONT
    pub fn resume(&mut self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }

    /// Sends one command over a connection of its own. An array comes back as lines; nil as an empty text.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        command(self.port, self.options.password(), words)
    }

    /// Makes it a replica of the server on this port of 127.0.0.1, and waits until it has what that one has.
    pub fn follow(&self, primary: u16) -> Result<()> {
        self.command(&["REPLICAOF", "127.0.0.1", &primary.to_string()])?;
        let deadline = Instant::now() + START;
        while !self.command(&["INFO", "replication"])?.contains("master_link_status:up") {
            ensure!(Instant::now() < deadline, "the replica did not follow within {START:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// There is no redis-server on this machine.
#[derive(Debug)]
struct Missing;

impl std::error::Error for Missing {}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "redis-server is not installed; try: apt-get install redis-server (or brew install redis)",
        )
    }
}

fn launch(port: u16, folder: &Path, options: &RedisOptions) -> Result<Process> {
    let mut start = Command::new("redis-server");
    start.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
    start.envs(options.env.iter().map(|(name, value)| (name, value)));
    start.arg("--dir").arg(folder).arg("--logfile").arg(folder.join("redis.log"));
    match options.append_only {
        Some(fsync) => start.args(["--appendonly", "yes", "--appendfsync", fsync]),
        None => start.args(["--appendonly", "no"]),
    };
    for (directive, value) in &options.config {
        start.arg(format!("--{directive}")).args(value.split_whitespace());
    }
    await_answer(start, port, options.password(), folder)
}

/// Starts a server that logs to `redis.log` in its folder, and waits until it answers on its port.
pub(crate) fn await_answer(
    mut start: Command,
    port: u16,
    password: Option<&str>,
    folder: &Path,
) -> Result<Process> {
    start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = Process::start(&mut start, Some(folder)).map_err(|error| {
        let missing = error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::NotFound);
        if missing { anyhow!(Missing) } else { error }
    })?;
    let deadline = Instant::now() + START;
    loop {
        if let Some(status) = process.ended()? {
            let log = fs::read_to_string(folder.join("redis.log")).unwrap_or_default();
            bail!("redis-server ended at once ({status}): {log}");
        }
        // The answer must be this server's own: another one may have got the port first.
        let pid = format!("process_id:{}\r\n", process.id());
        if command(port, password, &["INFO", "server"]).is_ok_and(|info| info.contains(&pid))
            && command(port, password, &["PING"]).is_ok()
        {
            return Ok(process);
        }
        ensure!(Instant::now() < deadline, "redis-server did not answer on port {port} within {START:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn command(port: u16, password: Option<&str>, words: &[&str]) -> Result<String> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), REPLY)?;
    stream.set_read_timeout(Some(REPLY))?;
    let mut stream = BufReader::new(stream);
    if let Some(password) = password {
        ask(&mut stream, &["AUTH", password])?;
    }
    ask(&mut stream, words)
}

fn ask(stream: &mut BufReader<TcpStream>, words: &[&str]) -> Result<String> {
    let mut request = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        write!(request, "${}\r\n{word}\r\n", word.len())?;
    }
    stream.get_mut().write_all(&request)?;
    reply(stream)
}

fn reply(from: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line.trim_end();
    let rest = line.get(1..).context("no reply")?;
    match line.as_bytes().first() {
        Some(b'+' | b':') => Ok(rest.to_owned()),
        Some(b'$') => {
            let Ok(length) = rest.parse::<usize>() else { return Ok(String::new()) };
            let mut bytes = vec![0; length + 2];
            from.read_exact(&mut bytes)?;
            bytes.truncate(length);
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Some(b'*') => {
            let items: Result<Vec<_>> = (0..rest.parse().unwrap_or(0)).map(|_| reply(from)).collect();
            Ok(items?.join("\n"))
        }
        _ => bail!("redis-server said: {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_port_and_drops_or_keeps_its_data() -> Result<()> {
        let options =
            RedisOptions { append_only: Some("always"), ..RedisOptions::default() }.line("maxclients", "77");
        let mut server = RedisServer::with(options)?;
        assert_eq!(server.command(&["CONFIG", "GET", "maxclients"])?, "maxclients\n77");
        server.command(&["SET", "a", "b"])?;
        server.restart(Data::Kept)?;
        assert_eq!(server.command(&["GET", "a"])?, "b");
        server.restart(Data::Dropped)?;
        assert_eq!(server.command(&["GET", "a"])?, "");
        server.pause()?;
        server.resume()?;
        assert_eq!(server.command(&["PING"])?, "PONG");
        server.kill()?;
        assert!(server.command(&["PING"]).is_err());
        Ok(())
    }
}
