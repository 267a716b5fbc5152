//! Processes that start together and end together.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long a child may take to end by itself: longer than a node's own deadline for leaving.
const PATIENCE: Duration = Duration::from_secs(20);

/// The processes started so far, in the order in which they were started.
#[derive(Debug, Default)]
pub(super) struct Children(Vec<(String, Child)>);

impl Children {
    /// Starts one; what it prints appears here with its name in front.
    pub(super) fn start(&mut self, name: &str, command: &mut Command) -> Result<()> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Out of the terminal's group: Ctrl-C reaches this process alone, which then ends them in order.
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
    pub(super) fn ended(&mut self) -> Result<Option<(String, ExitStatus)>> {
        for (name, child) in &mut self.0 {
            if let Some(status) = child.try_wait()? {
                return Ok(Some((name.clone(), status)));
            }
        }
        Ok(None)
    }

    /// Asks all to end, last started first, each with the time that it takes; then insists.
    pub(super) fn end_all(&mut self) {
        // Nodes leave together; what they lean on (started first) goes when they are gone.
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
        // It may have ended just now.
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
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
