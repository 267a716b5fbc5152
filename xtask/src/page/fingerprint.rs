//! Whether the page has to be made again: a hash over everything that it is made from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::setup;
use crate::workspace::{Workspace, output};

/// Folders and files of the repository that the page depends on.
const INPUTS: [&str; 6] = ["frontend", "shared", "Cargo.toml", "Cargo.lock", "Trunk.toml", "xtask/src/page"];

/// The hash of names and contents of the inputs and of the versions of the tools.
pub(super) fn of(workspace: &Workspace) -> Result<String> {
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&workspace.root.join(input), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(&file).with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(&workspace.root).unwrap_or(&file);
        // Lengths first, so that no two lists of files run together to the same bytes.
        hash.update(format!("{}\0{}\0", name.display(), content.len()));
        hash.update(content);
    }
    hash.update(output(Command::new("rustc").arg("-vV").current_dir(&workspace.root))?);
    hash.update(setup::versions(workspace)?);
    Ok(URL_SAFE_NO_PAD.encode(hash.finalize()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        let path = entry?.path();
        // Editors' hidden files, the page itself, and tests that are not in it.
        let skip = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_none_or(|name| name.starts_with('.') || matches!(name, "dist" | "tests" | "tests.rs"));
        if !skip {
            collect(&path, files)?;
        }
    }
    Ok(())
}
