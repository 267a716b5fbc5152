//! Faults on real nodes under load; `docs/reliability.md` says which, and what they must not do.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::workspace::{Workspace, run, step};

/// Builds the server and the harness, then plays what the arguments ask for. The server has no page in it:
/// no fault needs one.
pub(crate) fn faults(workspace: &Workspace, args: &[OsString]) -> Result<ExitCode> {
    step("Building the server and the faults", || {
        run(&mut workspace.cargo(["build", "--workspace", "--bin", "hubbub", "--bin", "faults"]))
    })?;
    let mut faults = Command::new(workspace.binary("debug", "faults"));
    if std::env::var_os("HUBBUB_BINARY").is_none() {
        faults.env("HUBBUB_BINARY", workspace.binary("debug", "hubbub"));
    }
    let status = faults.args(args).status().context("the faults did not start")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
