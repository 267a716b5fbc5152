//! A command's output, passed on line by line and read on the way; with a deadline.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::tally::Run;
use crate::signals::Stop;
use crate::workspace::line;

/// How long one test program may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Runs a test program to its end, its deadline, or until somebody asks to stop.
pub(super) fn tests(command: &mut Command, stop: &Stop) -> Result<Run> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    // A group of its own, so that what it started can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn().with_context(|| format!("`{}` did not start", line(command)))?;
    let stdout = child.stdout.take().context("the output is piped")?;
    let (lines, arriving) = sync_channel(64);
    // Ends with the pipe, which a stray grandchild may hold open beyond the deadline: never joined.
    thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    let mut run = Run::default();
    let start = Instant::now();
    loop {
        match arriving.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => {
                println!("{line}");
                run.read(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if stop.asked() => {
                run.wrong = Some("stopped by a signal".into());
                break;
            }
            Err(RecvTimeoutError::Timeout) if start.elapsed() > PATIENCE => {
                run.wrong = Some(format!("not done after {} s", PATIENCE.as_secs()));
                break;
            }
            // A grandchild may hold the pipe open when the program itself is done.
            Err(RecvTimeoutError::Timeout) if child.try_wait()?.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    if run.wrong.is_some() {
        end(&mut child)?;
    }
    let status = child.wait()?;
    if !status.success() && run.wrong.is_none() {
        run.wrong = Some(format!("`{}` failed ({status})", line(command)));
    }
    Ok(run)
}

#[cfg(unix)]
fn end(child: &mut Child) -> Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let group = group.context("a process has a number")?;
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL)
        .context("cannot end a test program")
}

#[cfg(not(unix))]
fn end(child: &mut Child) -> Result<()> {
    child.kill().context("cannot end a test program")
}
