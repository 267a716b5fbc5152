//! Real Sentinels.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;

use crate::{
    RedisServer, free_port,
    process::Process,
    redis::{await_answer, command},
};

const START: Duration = Duration::from_secs(30);

/// What Sentinels of tests call their primary.
pub const PRIMARY: &str = "main";

/// Three Sentinels of one primary, on free ports of 127.0.0.1; killed when dropped. Two have to agree that it is down,
/// which they think after a second.
#[derive(Debug)]
pub struct Sentinels {
    sentinels: Vec<Sentinel>,
    password: String,
}

#[derive(Debug)]
struct Sentinel {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl Sentinels {
    /// Starts them and waits until they know each other and all replicas, which must follow already. One password
    /// opens everything: the servers ([`RedisOptions::grouped`](crate::RedisOptions::grouped)) and the Sentinels.
    pub fn start(primary: &RedisServer, replicas: usize, password: &str) -> Result<Self> {
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            sentinels.push(start(primary.port(), password)?);
        }
        let sentinels = Self { sentinels, password: password.to_owned() };
        let deadline = Instant::now() + START;
        for index in 0..3 {
            loop {
                let about = sentinels.command(index, &["SENTINEL", "MASTER", PRIMARY])?;
                let has =
                    |name: &str, wanted: usize| field(&about, name) == Some(wanted.to_string().as_str());
                if has("num-slaves", replicas) && has("num-other-sentinels", 2) {
                    break;
                }
                ensure!(Instant::now() < deadline, "the Sentinels did not find everybody: {about}");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(sentinels)
    }

    /// `redis+sentinel://…`, with the password for servers and Sentinels.
    pub fn url(&self) -> String {
        let places: Vec<_> =
            self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
        let password = &self.password;
        format!("redis+sentinel://:{password}@{}/{PRIMARY}?sentinel_password={password}", places.join(","))
    }

    /// The port of the primary, as one of them knows it.
    pub fn primary(&self) -> Result<u16> {
        let place = self.command(0, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", PRIMARY])?;
        place.lines().nth(1).context("no port")?.parse().context("no port")
    }

    /// Has one of them make a replica the primary, and waits until it is. Tries again while no replica is eligible.
    pub fn failover(&self) -> Result<u16> {
        let before = self.primary()?;
        let deadline = Instant::now() + START;
        let mut asked = self.command(0, &["SENTINEL", "FAILOVER", PRIMARY]);
        loop {
            if asked.is_err() {
                asked = self.command(0, &["SENTINEL", "FAILOVER", PRIMARY]);
            }
            let now = self.primary()?;
            if now != before {
                return Ok(now);
            }
            ensure!(Instant::now() < deadline, "no failover within {START:?}: {asked:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends one of the three a command.
    pub fn command(&self, index: usize, words: &[&str]) -> Result<String> {
        let sentinel = self.sentinels.get(index).context("there are three")?;
        command(sentinel.port, Some(&self.password), words)
    }
}

/// The value behind a name in a reply of names and values.
fn field<'a>(about: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = about.lines();
    lines.find(|line| *line == name)?;
    lines.next()
}

fn start(primary: u16, password: &str) -> Result<Sentinel> {
    let mut last = anyhow!("no port was free");
    for _ in 0..5 {
        let folder = TempDir::with_prefix("sentinel-")?;
        let port = free_port()?;
        let path = folder.path().display();
        let conf = format!(
            "port {port}\nbind 127.0.0.1\ndir {path}\nlogfile {path}/redis.log\nrequirepass {password}\n\
             sentinel sentinel-pass {password}\n\
             sentinel monitor {PRIMARY} 127.0.0.1 {primary} 2\n\
             sentinel auth-pass {PRIMARY} {password}\n\
             sentinel down-after-milliseconds {PRIMARY} 1000\n\
             sentinel failover-timeout {PRIMARY} 3000\n\
             sentinel parallel-syncs {PRIMARY} 2\n"
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, conf)?;
        let mut command = Command::new("redis-server");
        command.arg(&file).arg("--sentinel");
        match await_answer(command, port, Some(password), folder.path()) {
            Ok(process) => return Ok(Sentinel { _process: process, port, _folder: folder }),
            Err(error) => last = error,
        }
    }
    Err(last)
}
