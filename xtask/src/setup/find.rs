//! Where programs are looked for.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::output;

/// The first such program on PATH, in Cargo's folder, or where distributions put servers.
pub(super) fn program(name: &OsStr) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let cargo = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
        .map(|home| home.join("bin"));
    let servers = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut file = name.to_owned();
    file.push(env::consts::EXE_SUFFIX);
    env::split_paths(&path)
        .chain(cargo)
        .chain(servers)
        .map(|folder| folder.join(&file))
        .find(|file| file.is_file())
}

/// The version in what `program --version` prints, such as `0.2.130` in `wasm-bindgen 0.2.130`.
pub(super) fn version(program: &Path) -> Option<String> {
    let printed = output(Command::new(program).arg("--version")).ok()?;
    parse_version(&printed)
}

fn parse_version(printed: &str) -> Option<String> {
    let word = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.');
    printed.split_whitespace().find(word).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        for (printed, version) in [
            ("trunk 0.21.14\n", Some("0.21.14")),
            ("wasm-bindgen 0.2.130", Some("0.2.130")),
            ("rustc 1.95.0 (59807616e 2026-04-14)", Some("1.95.0")),
            ("wasm-opt version 108", None),
            ("", None),
        ] {
            assert_eq!(parse_version(printed).as_deref(), version, "{printed:?}");
        }
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(program("sh".as_ref()).is_some_and(|sh| sh.is_absolute()));
        assert_eq!(program("no-such-program-anywhere".as_ref()), None);
    }
}
