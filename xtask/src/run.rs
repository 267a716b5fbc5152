//! One node on this machine.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build::{self, Profile};
use crate::workspace::Workspace;

/// Builds, then becomes one node, so that signals and the exit code are the node's own.
pub(crate) fn run(workspace: &Workspace, profile: &Profile, args: &[OsString]) -> Result<ExitCode> {
    let binary = build::to_run(workspace, profile)?;
    let port = env::var("PORT").unwrap_or_else(|_| "8080".into());
    eprintln!("==> http://localhost:{port} (Ctrl-C ends it)");
    let mut node = Command::new(&binary);
    node.args(args).env("PORT", port);
    become_it(node).with_context(|| format!("{} did not start", binary.display()))
}

#[cfg(unix)]
fn become_it(mut node: Command) -> std::io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(&mut node))
}

#[cfg(not(unix))]
fn become_it(mut node: Command) -> std::io::Result<ExitCode> {
    let code = node.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
