//! The standard library for wasm32: from rustup, else compiled from the distribution's package of its sources.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{cache, found};
use crate::workspace::{Workspace, line, output, run, step};

const TARGET: &str = "wasm32-unknown-unknown";

/// How long rustup may take before the sources are tried instead.
const PATIENCE: Duration = Duration::from_secs(120);

/// Suites of Debian with current compilers, newest stable first.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];

/// Makes sure that this compiler can make wasm.
pub(super) fn ensure(workspace: &Workspace) -> Result<()> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(&workspace.root))
        .context("rustc is needed; https://rustup.rs installs it")?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib");
    if has_std(&library) {
        return Ok(());
    }
    let rustup = step(&format!("Adding the target {TARGET} with rustup"), || match from_rustup(workspace) {
        Ok(()) => Ok(None),
        Err(error) => {
            eprintln!("    {error:#}");
            Ok(Some(error))
        }
    })?;
    if has_std(&library) {
        return Ok(());
    }
    let release = release(workspace)?;
    step(
        &format!("Compiling the standard library of {release} for {TARGET}, once: about two minutes"),
        || from_sources(&release, &library),
    )
    .with_context(|| {
        let why = rustup.map_or_else(|| "rustup added nothing".into(), |error| format!("{error:#}"));
        format!(
            "the standard library for {TARGET} is missing. rustup: {why}. \
             From the distribution's package rust-src as below. \
             Try `rustup target add {TARGET}` with a network that reaches static.rust-lang.org, \
             or install the distribution's package (Debian: libstd-rust-dev-wasm32)"
        )
    })?;
    ensure!(has_std(&library), "the standard library was compiled but is not in {}", library.display());
    Ok(())
}

fn has_std(library: &Path) -> bool {
    // With a hash in its name from rustup, without one when compiled from the sources.
    let is_std = |name: &OsStr| {
        let name = name.to_string_lossy();
        name == "libstd.rlib" || (name.starts_with("libstd-") && name.ends_with(".rlib"))
    };
    fs::read_dir(library).is_ok_and(|files| files.flatten().any(|file| is_std(&file.file_name())))
}

/// Such as `1.95.0`.
fn release(workspace: &Workspace) -> Result<String> {
    let printed = output(Command::new("rustc").arg("-vV").current_dir(&workspace.root))?;
    let release = printed.lines().find_map(|line| line.strip_prefix("release: "));
    Ok(release.context("rustc names no release")?.to_owned())
}

fn from_rustup(workspace: &Workspace) -> Result<()> {
    let rustup = found("rustup").context("there is no rustup")?;
    let mut rustup = Command::new(rustup);
    rustup.args(["target", "add", TARGET]).current_dir(&workspace.root).stdin(Stdio::null());
    let mut running = rustup.spawn().context("rustup did not start")?;
    let start = Instant::now();
    loop {
        if let Some(status) = running.try_wait()? {
            ensure!(status.success(), "`{}` failed ({status})", line(&rustup));
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            running.kill()?;
            running.wait()?;
            bail!("`{}` was not done after {} s", line(&rustup), PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Reads another suite of the mirror that this machine uses anyway, without touching its package sources and
/// without being root, and compiles the library with the very compiler that is to use it.
fn from_sources(release: &str, library: &Path) -> Result<()> {
    let work = cache()?.join(format!("rust-src-{release}"));
    fs::create_dir_all(&work).with_context(|| work.display().to_string())?;
    let sources = work.join(format!("unpacked/usr/src/rustc-{release}/library"));
    if !sources.join("Cargo.lock").is_file() {
        let package = download(&work, release)?;
        run(Command::new("dpkg").arg("-x").arg(&package).arg(work.join("unpacked")))?;
        ensure!(sources.join("Cargo.lock").is_file(), "{} has no {}", package.display(), sources.display());
    }
    // A target folder of its own: these crates are not the workspace's.
    let target = work.join("target");
    run(Command::new("cargo")
        // Not offline: of the crates that the library names, the package brings only some.
        .args(["build", "--release", "--target", TARGET, "--package", "sysroot"])
        .current_dir(&sources)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked -Cdebuginfo=0")
        .env("CARGO_TARGET_DIR", &target))?;
    let made = target.join(TARGET).join("release/deps");
    fs::create_dir_all(library).with_context(|| format!("cannot write to {}", library.display()))?;
    for file in fs::read_dir(&made).with_context(|| made.display().to_string())? {
        let file = file?.path();
        if file.extension().is_some_and(|kind| kind == "rlib")
            && let Some(name) = file.file_name()
        {
            fs::copy(&file, library.join(name))
                .with_context(|| format!("cannot write to {}", library.display()))?;
        }
    }
    fs::remove_dir_all(&work).with_context(|| work.display().to_string())
}

/// Fetches Debian's `rust-src` of this release from the first suite that has it.
fn download(work: &Path, release: &str) -> Result<PathBuf> {
    ensure!(found("apt-get").is_some() && found("dpkg").is_some(), "this is no Debian: there is no apt-get");
    let (mirror, keyring) = mirror().context("apt's list of sources names no Debian mirror")?;
    let mut tried = Vec::new();
    for suite in SUITES {
        match download_from(work, release, &mirror, &keyring, suite) {
            Ok(package) => return Ok(package),
            Err(error) => tried.push(format!("{suite}: {error:#}")),
        }
    }
    bail!("no suite of {mirror} gave rust-src {release}: {}", tried.join("; "))
}

fn download_from(work: &Path, release: &str, mirror: &str, keyring: &str, suite: &str) -> Result<PathBuf> {
    let folder = work.join(suite);
    for part in ["lists/partial", "cache/archives/partial", "package"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let list = folder.join("sources.list");
    fs::write(&list, format!("deb [signed-by={keyring}] {mirror} {suite} main\n"))?;
    let apt = |args: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.arg("-q").args(["-o", "Dir::Etc::sourceparts=-", "-o", "APT::Sandbox::User="]);
        apt.args(["-o", "Acquire::Languages=none", "-o", "Acquire::Retries=2"]);
        for (option, path) in [
            ("Dir::Etc::sourcelist", list.clone()),
            ("Dir::State::lists", folder.join("lists")),
            ("Dir::Cache", folder.join("cache")),
        ] {
            apt.arg("-o").arg(format!("{option}={}", path.display()));
        }
        apt.args(args).current_dir(folder.join("package")).env("LC_ALL", "C");
        output(&mut apt)
    };
    apt(&["update"])?;
    apt(&["download", &format!("rust-src={release}*")])?;
    let mut packages = fs::read_dir(folder.join("package"))?.flatten().map(|file| file.path());
    packages
        .find(|file| file.extension().is_some_and(|kind| kind == "deb"))
        .context("apt-get downloaded no package")
}

/// The Debian mirror that this machine uses, and the keys that it is signed with.
fn mirror() -> Option<(String, String)> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    files.extend(
        fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|file| file.path()),
    );
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let mirror = files.iter().find_map(|file| mirror_in(&fs::read_to_string(file).ok()?))?;
    Some((mirror, keyring.into()))
}

fn mirror_in(sources: &str) -> Option<String> {
    sources
        .lines()
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_read_from_both_kinds_of_lists() {
        let new = "Types: deb\n# URIs: http://old.example/debian\nURIs: http://deb.example/debian\nSuites: bookworm\n";
        let old = "# deb http://old.example/debian x main\ndeb [arch=amd64] https://deb.example/debian/ bookworm main\n";
        assert_eq!(mirror_in(new).as_deref(), Some("http://deb.example/debian"));
        assert_eq!(mirror_in(old).as_deref(), Some("https://deb.example/debian/"));
        assert_eq!(mirror_in("deb https://deb.example/debian-security bookworm main"), None);
        assert_eq!(mirror_in("URIs: https://deb.nodesource.example/node_20.x\n"), None);
    }
}
