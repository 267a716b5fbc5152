//! A real node: the server binary as a child process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use crate::{free_port, process::Process};

/// How far a node's port for operators is from its port for everybody.
const ADMIN_OFFSET: u16 = 1000;

/// A running node on a free port of 127.0.0.1; killed when dropped.
#[derive(Debug)]
pub struct NodeProcess {
    process: Process,
    port: u16,
    log: Arc<Log>,
    binary: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Log {
    text: Mutex<String>,
    grew: Condvar,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeProcess {
    /// Starts `binary` with `PORT` set to a free port. Does not wait for it.
    pub fn start(binary: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<Self> {
        Self::start_on(free_pair()?, binary, args, env)
    }

    /// Starts it on a port of the caller's choice. Does not wait for it.
    pub fn start_on(port: u16, binary: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<Self> {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let log = Arc::<Log>::default();
        let process = launch(port, binary, &args, &env, &log)?;
        Ok(Self { process, port, log, binary: binary.to_owned(), args, env })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `ws://127.0.0.1:<port>/ws`
    pub fn ws(&self) -> String {
        format!("ws://127.0.0.1:{}/ws", self.port)
    }

    /// What it has written to its standard output and error so far.
    pub fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// The address of its operators' port.
    pub fn admin(&self) -> SocketAddr {
        admin(SocketAddr::from(([127, 0, 0, 1], self.port)))
    }

    /// Waits until `/readyz` answers 200.
    pub fn wait_ready(&mut self, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            if self.get("/readyz").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            if let Some(status) = self.process.ended()? {
                bail!("the node ended ({status}): {}", self.log());
            }
            ensure!(Instant::now() < deadline, "the node was not ready within {within:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until its log holds `text`.
    pub fn wait_log(&self, text: &str, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        let mut log = self.log.lock();
        while !log.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "the node did not log {text:?} within {within:?}: {log}");
            log = self.log.grew.wait_timeout(log, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// One plain HTTP GET: status and body.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        get(SocketAddr::from(([127, 0, 0, 1], self.port)), path)
    }

    /// One plain HTTP GET from its operators' port.
    pub fn get_admin(&self, path: &str) -> Result<(u16, String)> {
        get(self.admin(), path)
    }

    /// SIGKILL; gone when this returns.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// SIGTERM: asks it to leave.
    pub fn terminate(&mut self) -> Result<()> {
        self.process.signal(Signal::TERM)
    }

    /// SIGSTOP
    pub fn pause(&mut self) -> Result<()> {
        self.process.signal(Signal::STOP)
    }

    /// SIGCONT
    pub fn resume(&mut self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }

    /// Waits until it has ended.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        self.process.wait(within).with_context(|| self.log())
    }

    /// From the next start on it is this binary.
    pub fn set_binary(&mut self, binary: &Path) {
        binary.clone_into(&mut self.binary);
    }

    /// Kills it if it still runs and starts it again with the same settings. Its log goes on.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.process = launch(self.port, &self.binary, &self.args, &self.env, &self.log)?;
        Ok(())
    }
}

/// Where a node of this machine serves its operators (`/metrics`, and why it is or is not ready) unless its settings
/// say otherwise.
pub fn admin(node: SocketAddr) -> SocketAddr {
    SocketAddr::new(node.ip(), node.port().wrapping_add(ADMIN_OFFSET))
}

/// A free port whose operators' port is free, too.
fn free_pair() -> Result<u16> {
    for _ in 0..100 {
        let port = free_port()?;
        if TcpListener::bind(admin(SocketAddr::from(([127, 0, 0, 1], port)))).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two ports are free")
}

/// One plain HTTP GET from a node that need not be this process's own: status and body.
pub fn get(node: SocketAddr, path: &str) -> Result<(u16, String)> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&node, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: {node}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no body")?;
    let status = head.split(' ').nth(1).context("the answer has no status")?.parse()?;
    Ok((status, body.to_owned()))
}

fn launch(
    port: u16,
    binary: &Path,
    args: &[String],
    env: &[(String, String)],
    log: &Arc<Log>,
) -> Result<Process> {
    let mut start = Command::new(binary);
    start.args(args).env("PORT", port.to_string()).envs(env.iter().map(|(name, value)| (name, value)));
    let (reader, writer) = std::io::pipe()?;
    start.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let process =
        Process::start(&mut start, None).with_context(|| format!("cannot start {}", binary.display()))?;
    let log = Arc::clone(log);
    // Ends by itself when the node has closed its output. `start` must go first: it holds the other end.
    drop(start);
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            let mut text = log.lock();
            text.push_str(&String::from_utf8_lossy(&line));
            text.push('\n');
            log.grew.notify_all();
        }
    });
    Ok(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_the_log_and_the_end() -> Result<()> {
        let script = "echo on $PORT >&2; trap 'echo bye; exit 3' TERM; while :; do sleep 0.01; done";
        let mut node = NodeProcess::start(Path::new("sh"), &["-c", script], &[])?;
        node.wait_log(&format!("on {}", node.port()), Duration::from_secs(10))?;
        node.terminate()?;
        assert_eq!(node.wait(Duration::from_secs(10))?.code(), Some(3));
        node.wait_log("bye", Duration::from_secs(10))?;
        Ok(())
    }
}
