//! The page: built by trunk, compressed, and laid down where the server's build script finds it.
//!
//! `frontend/dist` holds either a complete page of this task or nothing: its list of contents is removed first and
//! written last, and the server embeds only what has one. `trunk serve` writes elsewhere (see `Trunk.toml`).

mod compress;
mod fingerprint;
mod optimise;
mod policy;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::workspace::{Workspace, run, step};

/// Written last; says what the page was made from and which inline scripts it has.
const MARK: &str = ".page";

/// Most bytes that a first visit may send, with brotli.
const FIRST_VISIT: usize = 256_000;

/// Makes `frontend/dist` the page of the present sources; does nothing when it is that already.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let dist = workspace.dist();
    let inputs = fingerprint::of(workspace)?;
    let mark = fs::read_to_string(dist.join(MARK)).unwrap_or_default();
    if mark.lines().next() == Some(&format!("inputs {inputs}")) && dist.join("index.html").is_file() {
        eprintln!("==> The page is up to date");
        return Ok(());
    }
    let tools = setup::page_tools(workspace)?;
    let made = workspace.target.join("page");
    step("Building the page (a few minutes the first time)", || {
        // trunk runs cargo offline; this is where the network is allowed.
        run(&mut workspace.cargo(["fetch", "--locked"]))?;
        let mut trunk = tools.command(&tools.trunk);
        trunk.args(["build", "--release", "--offline", "--dist"]).arg(&made).current_dir(&workspace.root);
        // The page's flags stand in .cargo/config.toml; these would replace them, and the page grow.
        trunk.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        run(&mut trunk)?;
        optimise::wasm(&tools, &made)
    })?;
    let html = fs::read_to_string(made.join("index.html")).context("trunk wrote no index.html")?;
    let scripts = policy::inline_scripts(&html);
    if scripts.is_empty() {
        bail!("trunk's start script is not in index.html: the page would not start");
    }
    let sizes = step("Compressing the page", || compress::folder(&made))?;
    let first = sizes.first_visit();
    if first > FIRST_VISIT {
        bail!("{sizes}a first visit sends {first} bytes, more than the {FIRST_VISIT} that it may");
    }
    lay_down(&made, &dist)?;
    let scripts = scripts.iter().map(|script| format!("script {script}"));
    let mark: Vec<String> = std::iter::once(format!("inputs {inputs}")).chain(scripts).collect();
    fs::write(dist.join(MARK), mark.join("\n") + "\n").context("cannot write the page's list of contents")?;
    eprint!("{sizes}");
    eprintln!("    a first visit downloads {first} of at most {FIRST_VISIT} bytes");
    Ok(())
}

/// Empties `to` (but for the file that keeps the folder in the repository) and copies the page there.
fn lay_down(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    if to.join(MARK).exists() {
        fs::remove_file(to.join(MARK))?;
    }
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        if path.is_dir() {
            fs::remove_dir_all(&path)?;
        } else if path.file_name().is_some_and(|name| name != ".gitkeep") {
            fs::remove_file(&path)?;
        }
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| target.display().to_string())?;
        }
    }
    Ok(())
}
