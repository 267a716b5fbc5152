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
/// compiles again what the other one has compiled.
pub(crate) fn server(workspace: &Workspace) -> Result<PathBuf> {
    step("Building the server", || run(&mut workspace.cargo(SERVER)))?;
    Ok(workspace.binary("debug", "hubbub"))
}

/// What cargo is asked for to build the server for development.
const SERVER: [&str; 4] = ["build", "--workspace", "--bin", "hubbub"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace::output;

    /// The packages that cargo selects, with their features.
    fn tree(workspace: &Workspace, edges: &str, format: &str, packages: &[&str]) -> Result<BTreeSet<String>> {
        let mut cargo = workspace.cargo(["tree", "--offline", "--prefix", "none", "--edges", edges]);
        let lines = output(cargo.args(["--format", format]).args(packages))?;
        Ok(lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect())
    }

    #[test]
    fn the_server_and_the_tests_select_the_same_features() -> Result<()> {
        let workspace = Workspace::open()?;
        let server = tree(&workspace, "no-dev", "{p} ", &["--package", "backend"])?;
        let of_server = |line: &String| server.iter().any(|package| line.starts_with(package.as_str()));
        let select = |edges| tree(&workspace, edges, "{p} {f}", &["--workspace"]);
        let built = select("no-dev")?;
        let tested = select("normal,build,dev")?;
        let other: Vec<_> = built.difference(&tested).filter(|line| of_server(line)).collect();
        assert!(server.len() > 100 && built.iter().filter(|line| of_server(line)).count() >= server.len());
        assert!(other.is_empty(), "e2e/Cargo.toml says how to give tests the same features: {other:#?}");
        Ok(())
    }
}
