//! Tools compiled from the crate registry, at pinned versions, into the cache: minutes once, then never again.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{TRUNK, cache, find, found};
use crate::workspace::{Workspace, run, step};

/// One program of the crate registry.
struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    features: &'a [&'a str],
    minutes: &'a str,
}

/// trunk 0.21, found or compiled.
pub(super) fn trunk(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(there) = found("trunk")
        && find::version(&there).is_some_and(|version| version.starts_with("0.21."))
    {
        return Ok(there);
    }
    let features = ["--no-default-features", "--features", "rustls"];
    make(
        workspace,
        &Tool {
            package: "trunk",
            program: "trunk",
            version: TRUNK,
            features: &features,
            minutes: "four minutes",
        },
    )
}

/// wasm-bindgen in exactly the version of the library, found or compiled.
pub(super) fn wasm_bindgen(workspace: &Workspace) -> Result<PathBuf> {
    let version = locked_version(workspace, "wasm-bindgen")?;
    if let Some(there) = found("wasm-bindgen")
        && find::version(&there).as_deref() == Some(&version)
        && there.with_file_name("wasm-bindgen-test-runner").exists()
    {
        return Ok(there);
    }
    make(
        workspace,
        &Tool {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version: &version,
            features: &[],
            minutes: "two minutes",
        },
    )
}

/// The version of a package in Cargo.lock.
pub(super) fn locked_version(workspace: &Workspace, package: &str) -> Result<String> {
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("Cargo.lock")?;
    locked(&lock, package).with_context(|| format!("Cargo.lock names no {package}"))
}

fn locked(lock: &str, package: &str) -> Option<String> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    entry.split_once('"').map(|(version, _)| version.to_owned())
}

fn make(workspace: &Workspace, tool: &Tool<'_>) -> Result<PathBuf> {
    let Tool { package, program, version, minutes, .. } = tool;
    let home = cache()?.join(format!("{package}-{version}"));
    let binary = home.join("bin").join(format!("{program}{}", env::consts::EXE_SUFFIX));
    if find::version(&binary).as_deref() == Some(version) {
        return Ok(binary);
    }
    step(&format!("Compiling {package} {version}, once: about {minutes} on two cores"), || {
        // With the exact dependencies of its author first; a registry mirror may lag behind by one of them.
        if let Err(error) = install(workspace, tool, &home, true) {
            eprintln!("    {error:#}; trying again with the newest dependencies that fit");
            install(workspace, tool, &home, false).with_context(|| {
                format!(
                    "{package} {version} cannot be compiled. It needs the crate registry and a C compiler; \
                     or put a ready {program} {version} on PATH"
                )
            })?;
        }
        if find::version(&binary).as_deref() != Some(version) {
            bail!("{} does not run", binary.display());
        }
        Ok(())
    })?;
    Ok(binary)
}

fn install(workspace: &Workspace, tool: &Tool<'_>, home: &Path, locked: bool) -> Result<()> {
    fs::create_dir_all(home).with_context(|| home.display().to_string())?;
    let mut cargo: Command = workspace.cargo(["install", tool.package, "--version", tool.version]);
    cargo.args(tool.features).arg("--root").arg(home);
    if locked {
        cargo.arg("--locked");
    }
    // Cheap to make rather than fast to run: these programs wait for the compiler most of their time.
    cargo
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_TARGET_DIR", workspace.target.join("tools"))
        .current_dir(home);
    run(&mut cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_tells_versions() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.1.3\"\n";
        assert_eq!(locked(lock, "a").as_deref(), Some("2.1.3"));
        assert_eq!(locked(lock, "b"), None);
    }
}
