//! The one binary with the page in it.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::page;
use crate::workspace::{Workspace, run, step};

/// Which server a task starts.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// Start the binary that `build` makes: compiles longer, runs faster
    #[arg(long)]
    release: bool,
}

/// Builds page and server as they are shipped; returns where the binary is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    page::build(workspace)?;
    step("Building the server", || {
        run(&mut workspace.cargo(["build", "--release", "--package", "backend"]))
    })?;
    let binary = workspace.binary("release", "hubbub");
    eprintln!("==> {}", binary.display());
    Ok(binary)
}

/// Builds page and server to be started at once: for development unless the release is asked for.
pub(crate) fn to_run(workspace: &Workspace, profile: &Profile) -> Result<PathBuf> {
    if profile.release {
        return build(workspace);
    }
    page::build(workspace)?;
    server(workspace)
}

/// Builds the server for development, with the page if one was built.
///
/// Selecting the whole workspace gives the dependencies the same features as in `cargo xtask test`, so neither task
/// compiles again what the other one has compiled. A test holds this.
pub(crate) fn server(workspace: &Workspace) -> Result<PathBuf> {
    step("Building the server", || run(&mut workspace.cargo(SERVER)))?;
    Ok(workspace.binary("debug", "hubbub"))
}

/// What cargo is asked for to build the server for development.
const SERVER: [&str; 4] = ["build", "--workspace", "--bin", "hubbub"];
