//! A child process that ends with its parent, whatever the parent ends of.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};

/// Lets this process, and those that it starts, open as many files and sockets as it may without asking.
pub fn raise_descriptor_limit() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")
}

/// A child with a watchdog beside it: a shell that waits for this process to be gone and then kills the child.
/// A server that is kept in a static, which Rust never drops, ends with its test binary all the same.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    watchdog: Option<Child>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts the command. `folder` is removed too if this process dies.
    pub(crate) fn start(command: &mut Command, folder: Option<&Path>) -> Result<Self> {
        let child = command.spawn()?;
        let watchdog = Command::new("sh")
            .args(["-c", "read _; kill -9 \"$1\"; [ -z \"$2\" ] || rm -rf -- \"$2\"", "watchdog"])
            .arg(child.id().to_string())
            .arg(folder.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let mut process = Self { child, watchdog: None, ended: None };
        process.watchdog = Some(watchdog.context("cannot start the watchdog shell")?);
        Ok(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        ensure!(self.ended()?.is_none(), "the process has ended");
        kill_process(Pid::from_child(&self.child), signal).context("cannot signal the process")
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
            if self.ended.is_some() {
                self.dismiss();
            }
        }
        Ok(self.ended)
    }

    pub(crate) fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            ensure!(Instant::now() < deadline, "the process did not end within {within:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL, and gone when this returns. No error if it had ended.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            self.child.kill()?;
            self.ended = Some(self.child.wait()?);
        }
        self.dismiss();
        Ok(())
    }

    /// The watchdog must not outlive the child: the number of the process may be given to another one.
    fn dismiss(&mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            watchdog.kill().ok();
            watchdog.wait().ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill().ok();
    }
}
