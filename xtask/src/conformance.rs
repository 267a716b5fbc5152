//! Whether a running node behaves as `docs/protocol.md` says.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::workspace::{Workspace, run, step};

/// Builds the checks and runs them against the nodes that the arguments name.
pub(crate) fn conformance(workspace: &Workspace, args: &[OsString]) -> Result<ExitCode> {
    step("Building the checks", || {
        run(&mut workspace.cargo(["build", "--workspace", "--bin", "conformance"]))
    })?;
    let mut checks = Command::new(workspace.binary("debug", "conformance"));
    let status = checks.args(args).status().context("the checks did not start")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
