//! A node and `trunk serve`: the page is rebuilt on every change and talks to the node.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};
use clap::Args;

use crate::build;
use crate::children::Children;
use crate::setup;
use crate::signals::Stop;
use crate::workspace::Workspace;

/// Where to listen. The page expects its node on port 8080 when it is on port 8088; other ports serve tests.
#[derive(Debug, Args)]
pub(crate) struct Ports {
    #[arg(long, hide = true, default_value_t = 8080)]
    node_port: u16,
    #[arg(long, hide = true, default_value_t = 8088)]
    page_port: u16,
}

/// Builds the server, starts it and trunk, and ends both on Ctrl-C or as soon as one ends by itself.
/// `HUBBUB_BINARY` names a server to start instead of building one.
pub(crate) fn dev(workspace: &Workspace, ports: &Ports, args: &[OsString]) -> Result<ExitCode> {
    let Ports { node_port, page_port } = ports;
    let tools = setup::page_tools(workspace)?;
    let binary = match env::var_os("HUBBUB_BINARY") {
        Some(named) => named.into(),
        None => build::server(workspace)?,
    };
    ensure!(binary.is_file(), "there is no server at {}", binary.display());
    let stop = Stop::listen()?;
    let mut children = Children::default();
    let mut node = Command::new(&binary);
    for host in ["localhost", "127.0.0.1"] {
        node.args(["--origin", &format!("http://{host}:{page_port}")]);
    }
    node.args(args).env("PORT", node_port.to_string()).current_dir(&workspace.root);
    children.start("node", &mut node)?;
    let mut trunk = tools.command(&tools.trunk);
    trunk.args(["serve", "--port", &page_port.to_string()]).current_dir(&workspace.root);
    // The page's flags stand in .cargo/config.toml; these would replace them.
    trunk.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    children.start("page", &mut trunk)?;
    eprintln!("==> The node is on http://localhost:{node_port} and accepts the page's origin.");
    eprintln!(
        "==> The page is on http://localhost:{page_port} once trunk has built it, and is rebuilt when you change"
    );
    eprintln!("    frontend/ or shared/. After a change of the server, start this again. Ctrl-C ends both.");
    children.run_until(&stop)
}
