//! Where things are, and how a command is run and reported.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The checkout that this automation belongs to.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder with the top-level `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the settings put it.
    pub(crate) target: PathBuf,
    /// The version that all packages share.
    pub(crate) version: String,
}

impl Workspace {
    /// Asks cargo where everything is.
    pub(crate) fn open() -> Result<Self> {
        let here = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = here.parent().context("xtask stands in the workspace's top folder")?.to_owned();
        let mut metadata = Command::new(cargo());
        metadata.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(&root);
        let metadata: serde_json::Value =
            serde_json::from_str(&output(&mut metadata)?).context("cargo metadata is not JSON")?;
        let target =
            metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
        let version =
            metadata["packages"][0]["version"].as_str().context("cargo metadata names no version")?;
        Ok(Self { root, target: target.into(), version: version.to_owned() })
    }

    /// A cargo call in the top folder.
    pub(crate) fn cargo<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(cargo());
        command.args(args).current_dir(&self.root);
        command
    }

    /// A program that cargo built with this profile.
    pub(crate) fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// The page as it gets embedded.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("frontend/dist")
    }
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Says what is being done and, when it took a while, how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let done = work()?;
    let took = start.elapsed();
    if took.as_millis() >= 1000 {
        eprintln!("    {:.1} s", took.as_secs_f64());
    }
    Ok(done)
}

/// Runs a command to its end; its output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("`{}` did not start", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` did not start", line(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({}): {}",
            line(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it, for messages.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
