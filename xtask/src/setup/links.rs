//! One folder with links to the tools for the page, wherever they are: on the PATH, it makes plain `trunk serve` work.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{PageTools, cache, found};

/// Points the links to the present tools.
pub(super) fn refresh(tools: &PageTools) -> Result<()> {
    let folder = folder()?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let runner =
        tools.wasm_bindgen.with_file_name(format!("wasm-bindgen-test-runner{}", env::consts::EXE_SUFFIX));
    for tool in [&tools.trunk, &tools.wasm_bindgen, &runner].into_iter().chain(&tools.wasm_opt) {
        // Found through this very folder: the link is right as it is.
        if tool.parent() != Some(&folder) {
            link(tool, &folder)?;
        }
    }
    Ok(())
}

/// Says how plain `trunk serve` finds its tools.
pub(super) fn explain() -> Result<()> {
    let folder = folder()?;
    let on_path = |tool: &str| found(tool).is_some_and(|file| in_path(&file));
    if on_path("trunk") && on_path("wasm-bindgen") {
        println!("\n`trunk serve` finds its tools on your PATH.");
    } else {
        println!(
            "\nFor plain `trunk serve`, put its tools on your PATH:\n\n    export PATH=\"{}:$PATH\"",
            folder.display()
        );
    }
    Ok(())
}

fn in_path(file: &Path) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| file.parent() == Some(&folder))
}

fn folder() -> Result<PathBuf> {
    Ok(cache()?.join("bin"))
}

fn link(tool: &Path, folder: &Path) -> Result<()> {
    let link = folder.join(tool.file_name().context("a tool has a name")?);
    if fs::read_link(&link).is_ok_and(|to| to == tool) {
        return Ok(());
    }
    // Beside it first and then in its place: another task may use it now.
    let new = folder.join(format!(".{}", std::process::id()));
    place(tool, &new).and_then(|()| fs::rename(&new, &link)).with_context(|| link.display().to_string())
}

#[cfg(unix)]
fn place(tool: &Path, new: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(tool, new)
}

#[cfg(not(unix))]
fn place(tool: &Path, new: &Path) -> std::io::Result<()> {
    fs::copy(tool, new).map(drop)
}
