//! The one binary with the page in it.

use std::path::PathBuf;

use anyhow::Result;

use crate::page;
use crate::workspace::{Workspace, run, step};

/// Builds page and server; returns where the binary is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    page::build(workspace)?;
    step("Building the server", || {
        run(&mut workspace.cargo(["build", "--release", "--package", "backend"]))
    })?;
    let binary = workspace.target.join("release").join(format!("hubbub{}", std::env::consts::EXE_SUFFIX));
    eprintln!("==> {}", binary.display());
    Ok(binary)
}
