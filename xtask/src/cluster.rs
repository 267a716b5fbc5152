//! Two nodes and a Redis on this machine: what the scaling is about, to be seen in two browser tabs.

mod redis;

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::build::{self, Profile};
use crate::children::Children;
use crate::signals::Stop;
use crate::workspace::Workspace;

const PORTS: [u16; 2] = [8080, 8081];

/// Builds and starts everything; ends everything on Ctrl-C or as soon as one part ends by itself.
pub(crate) fn cluster(workspace: &Workspace, profile: &Profile, args: &[OsString]) -> Result<ExitCode> {
    let binary = build::to_run(workspace, profile)?;
    let stop = Stop::listen()?;
    let given = env::var("REDIS_URL").ok().filter(|url| !url.is_empty());
    // Declared before the children and so dropped after them: Redis writes there until it ends.
    let folder = tempfile::Builder::new().prefix("hubbub-cluster-").tempdir()?;
    let mut children = Children::default();
    let url = match given {
        Some(url) => url,
        None => redis::start(&mut children, folder.path())?,
    };
    eprintln!("==> Redis: {url}");
    for port in PORTS {
        let mut node = Command::new(&binary);
        node.args(args).env("PORT", port.to_string()).env("REDIS_URL", &url).current_dir(folder.path());
        children.start(&port.to_string(), &mut node)?;
    }
    for port in PORTS {
        eprintln!("==> http://localhost:{port}");
    }
    eprintln!("==> Open both, join one room. Ctrl-C ends all of it.");
    children.run_until(&stop)
}
