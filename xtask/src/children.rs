//! Processes that start together and end together.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::signals::Stop;

/// How long a child may take to end by itself: longer than a node's own deadline for leaving.
const PATIENCE: Duration = Duration::from_secs(20);

/// The child processes, in the order in which they were started.
#[derive(Debug, Default)]
pub(crate) struct Children(Vec<(String, Child)>);

impl Children {
    /// Starts one and prints its output with its name in front of each line.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) -> Result<()> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A process group of its own: Ctrl-C reaches only this process, which then ends the children in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let mut child = command.spawn().with_context(|| format!("[{name}] did not start"))?;
        if let Some(out) = child.stdout.take() {
            pass_on(name, out);
        }
        if let Some(err) = child.stderr.take() {
            pass_on(name, err);
        }
        self.0.push((name.to_owned(), child));
        Ok(())
    }

    /// The first one that has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<(String, ExitStatus)>> {
        for (name, child) in &mut self.0 {
            if let Some(status) = child.try_wait()? {
                return Ok(Some((name.clone(), status)));
            }
        }
        Ok(None)
    }

    /// Waits for a signal or for a child that ends by itself, then ends the rest. Fails in the second case.
    pub(crate) fn run_until(mut self, stop: &Stop) -> Result<ExitCode> {
        let code = loop {
            if stop.asked() {
                break ExitCode::SUCCESS;
            }
            if let Some((name, status)) = self.ended()? {
                eprintln!("==> [{name}] ended by itself ({status}); ending the rest");
                break ExitCode::FAILURE;
            }
            thread::sleep(Duration::from_millis(100));
        };
        self.end_all();
        Ok(code)
    }

    /// Asks all children to end and waits for them; kills those that do not end in time.
    pub(crate) fn end_all(&mut self) {
        // The first child may be the Redis of the others: it ends after them.
        if let Some((_, nodes)) = self.0.split_first_mut() {
            end(nodes);
        }
        end(&mut self.0);
        self.0.clear();
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.end_all();
    }
}

fn end(children: &mut [(String, Child)]) {
    for (_, child) in children.iter_mut() {
        ask(child);
    }
    let start = Instant::now();
    for (name, child) in children {
        while matches!(child.try_wait(), Ok(None)) {
            if start.elapsed() > PATIENCE {
                eprintln!("==> [{name}] does not end; killing it");
                child.kill().ok();
                child.wait().ok();
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(unix)]
fn ask(child: &mut Child) {
    // A child that has been waited for is gone, and its number may be somebody else's.
    if let Ok(None) = child.try_wait()
        && let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
    {
        // The whole group: trunk has a cargo below it. All of them may just have ended.
        rustix::process::kill_process_group(pid, rustix::process::Signal::TERM).ok();
    }
}

#[cfg(not(unix))]
fn ask(child: &mut Child) {
    child.kill().ok();
}

fn pass_on(name: &str, from: impl Read + Send + 'static) {
    let name = name.to_owned();
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            println!("[{name}] {}", String::from_utf8_lossy(&line));
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn all_end_when_asked() {
        let mut children = Children::default();
        for name in ["one", "two"] {
            children.start(name, Command::new("sleep").arg("600")).unwrap();
        }
        assert!(children.ended().unwrap().is_none());
        children.end_all();
        assert!(children.0.is_empty());
    }

    #[test]
    fn one_that_ends_by_itself_is_noticed() {
        let mut children = Children::default();
        children.start("short", Command::new("sh").args(["-c", "exit 3"])).unwrap();
        let start = Instant::now();
        let (name, status) = loop {
            if let Some(ended) = children.ended().unwrap() {
                break ended;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "it never ended");
            thread::yield_now();
        };
        assert_eq!((name.as_str(), status.code()), ("short", Some(3)));
    }
}
