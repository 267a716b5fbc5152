//! `cargo xtask dev` in a copy of the sources, without a network: a change of the page is served.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use testkit::{free_port, get};

/// Longest wait for a build of the page, on a machine that has other things to do.
const BUILD: Duration = Duration::from_secs(600);

/// An address that refuses every connection.
const NOWHERE: &str = "http://127.0.0.1:9";

/// What trunk needs of the workspace.
const SOURCES: [&str; 7] =
    ["frontend", "shared", ".cargo", "Cargo.toml", "Cargo.lock", "Trunk.toml", "rustfmt.toml"];

/// Ends the task, and with it what it started.
struct Task(Child);

impl Drop for Task {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_change_of_the_page_is_served() -> Result<()> {
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let target = xtask.parent().and_then(Path::parent).context("the target folder")?;
    let server = xtask.with_file_name(format!("hubbub{}", std::env::consts::EXE_SUFFIX));
    ensure!(server.is_file(), "{} is not there; build it with: cargo build -p backend", server.display());
    let copy = copy_of_the_sources()?;
    let (node, page) = (free_port()?, free_port()?);
    let mut dev = Command::new(xtask);
    dev.args(["dev", "--node-port", &node.to_string(), "--page-port", &page.to_string()]);
    dev.args(["--", "--data"]).arg(copy.path().join("rooms.redb"));
    dev.env("HUBBUB_BINARY", &server).env("CARGO_TARGET_DIR", target);
    dev.env("CARGO_MANIFEST_DIR", copy.path().join("xtask"));
    // Nothing may be downloaded.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"] {
        dev.env(name, NOWHERE);
    }
    dev.env("NO_PROXY", "127.0.0.1").env("CARGO_NET_OFFLINE", "true");
    let log = copy.path().join("dev.log");
    dev.stdin(Stdio::null())
        .stdout(fs::File::create(&log)?)
        .stderr(fs::File::options().append(true).open(&log)?);
    let mut task = Task(dev.spawn()?);

    await_page(&mut task, page, "<title>Hubbub</title>", &log)?;
    let index = copy.path().join("frontend/index.html");
    let changed =
        fs::read_to_string(&index)?.replace("<title>Hubbub</title>", "<title>Another title</title>");
    fs::write(&index, changed)?;
    await_page(&mut task, page, "<title>Another title</title>", &log)?;

    // The node is up and lets the page in.
    let (status, _) = get(([127, 0, 0, 1], node).into(), "/livez")?;
    ensure!(status == 200, "/livez: {status}");
    kill_process(Pid::from_child(&task.0), Signal::INT)?;
    let status = task.0.wait()?;
    ensure!(status.success(), "Ctrl-C ended it with {status}: {}", fs::read_to_string(&log)?);
    ensure!(get(([127, 0, 0, 1], node).into(), "/livez").is_err(), "the node outlived the task");
    ensure!(get(([127, 0, 0, 1], page).into(), "/").is_err(), "trunk outlived the task");
    Ok(())
}

/// Waits until the page contains a text.
fn await_page(task: &mut Task, port: u16, text: &str, log: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        if get(([127, 0, 0, 1], port).into(), "/").is_ok_and(|(_, page)| page.contains(text)) {
            return Ok(());
        }
        if let Some(status) = task.0.try_wait()? {
            bail!("the task ended ({status}): {}", fs::read_to_string(log)?);
        }
        ensure!(start.elapsed() < BUILD, "{text} is not served: {}", fs::read_to_string(log)?);
        sleep(Duration::from_millis(100));
    }
}

fn copy_of_the_sources() -> Result<tempfile::TempDir> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the top folder")?;
    let copy = tempfile::Builder::new().prefix("hubbub-dev-").tempdir()?;
    for name in SOURCES {
        copy_all(&top.join(name), &copy.path().join(name))?;
    }
    // trunk wants the folder that it must not watch to be there.
    fs::create_dir_all(copy.path().join("frontend/dist"))?;
    // The other packages stand in the workspace's list: their manifests and one empty target have to be there.
    for entry in fs::read_dir(top)?.flatten() {
        let manifest = entry.path().join("Cargo.toml");
        let to = copy.path().join(entry.file_name());
        if manifest.is_file() && !to.exists() {
            copy_all(&entry.path(), &to)?;
        }
    }
    Ok(copy)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        fs::copy(from, to).with_context(|| from.display().to_string())?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())?.flatten() {
        let name: PathBuf = entry.file_name().into();
        if name != Path::new("dist") {
            copy_all(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}
