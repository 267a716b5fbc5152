//! Programs that come from the distribution: installed when this is Debian or a child of it and we are root,
//! else asked for in one sentence.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{cache, found};
use crate::workspace::{output, run, step};

/// redis-server, found or installed.
pub(super) fn redis_server() -> Result<PathBuf> {
    let hint = "or set REDIS_URL for `cargo xtask cluster`; `cargo xtask run` needs none";
    found_or_installed(|| found("redis-server"), &["redis-server"], hint)
}

/// Chromium and its driver, found or installed.
pub(super) fn browser() -> Result<super::BrowserTools> {
    let find = || {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(found)?;
        Some(super::BrowserTools { chromium, chromedriver: found("chromedriver")? })
    };
    let hint = "or run the other suites: `cargo xtask test lint unit it`";
    found_or_installed(find, &["chromium", "chromium-driver"], hint)
}

/// nginx, found or installed.
pub(super) fn nginx() -> Result<PathBuf> {
    let hint = "or run the other suites: `cargo xtask test lint unit it web`";
    found_or_installed(|| found("nginx"), &["nginx-light", "openssl"], hint)
}

/// What `find` finds, before or after the packages were installed.
fn found_or_installed<T>(find: impl Fn() -> Option<T>, packages: &[&str], otherwise: &str) -> Result<T> {
    if let Some(there) = find() {
        return Ok(there);
    }
    install(packages, otherwise)?;
    find().with_context(|| format!("{} did not bring what is needed", packages.join(", ")))
}

/// wasm-opt where it is already.
pub(super) fn wasm_opt_found() -> Option<PathBuf> {
    let kept =
        || cache().ok().map(|cache| cache.join("binaryen/usr/bin/wasm-opt")).filter(|file| file.is_file());
    found("wasm-opt").or_else(kept)
}

/// wasm-opt, found or unpacked from the distribution's package into the cache, which needs no root.
/// The page can do without it, so its absence is only told.
pub(super) fn wasm_opt() -> Option<PathBuf> {
    if let Some(there) = wasm_opt_found() {
        return Some(there);
    }
    let unpacked = step("Fetching wasm-opt (package binaryen)", || {
        let cache = cache()?;
        let folder = cache.join("packages");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        if found("apt-get").is_none() {
            bail!("there is no apt-get");
        }
        output(Command::new("apt-get").args(["-q", "download", "binaryen"]).current_dir(&folder))?;
        let mut files = fs::read_dir(&folder)?.flatten().map(|file| file.path());
        let package =
            files.find(|file| file.to_string_lossy().contains("binaryen")).context("no package came")?;
        run(Command::new("dpkg").arg("-x").arg(&package).arg(cache.join("binaryen")))?;
        fs::remove_dir_all(&folder)?;
        let program = cache.join("binaryen/usr/bin/wasm-opt");
        output(Command::new(&program).arg("--version"))?;
        Ok(program)
    });
    unpacked
        .inspect_err(|error| {
            eprintln!("    {error:#}");
            eprintln!(
                "    Going on without wasm-opt: the page gets a fifth larger. (Package binaryen has it.)"
            );
        })
        .ok()
}

/// Installs packages of the distribution, or says which command does it.
fn install(packages: &[&str], otherwise: &str) -> Result<()> {
    let names = packages.join(" ");
    let by_hand = format!("install {names} (Debian, Ubuntu: `sudo apt-get install {names}`), {otherwise}");
    if found("apt-get").is_none() {
        bail!("{names} not found: {by_hand}");
    }
    if !is_root() {
        bail!("{names} not found, and installing it takes root: {by_hand}");
    }
    step(&format!("Installing {names} with apt-get, once: about a minute"), || {
        let apt = |args: &[&str]| {
            let mut apt = Command::new("apt-get");
            apt.args(["-q", "-y", "-o", "Dpkg::Use-Pty=0"]).args(args).args(packages_of(args, packages));
            apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
            run(&mut apt)
        };
        // The lists of packages may be old or empty; the first attempt tells.
        apt(&["install", "--no-install-recommends"])
            .or_else(|_| apt(&["update"]).and_then(|()| apt(&["install", "--no-install-recommends"])))
            .with_context(|| format!("apt-get could not install {names}: {by_hand}"))
    })
}

fn packages_of<'a>(args: &[&str], packages: &'a [&'a str]) -> &'a [&'a str] {
    if args.first() == Some(&"install") { packages } else { &[] }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
