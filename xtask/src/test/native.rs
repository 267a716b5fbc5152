//! The test programs that run on this machine.
//!
//! All of them are compiled by one and the same cargo call, whichever suite is asked for: a narrower selection of
//! packages would select other features of their dependencies and compile those again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::stream;
use super::tally::{Run, Tally};
use crate::setup::{self, path_with};
use crate::signals::Stop;
use crate::workspace::{Workspace, line, step};

/// How many faults are played at once.
const FAULTS_AT_ONCE: &str = "4";

/// A compiled test program.
struct Program {
    package: String,
    kind: String,
    name: String,
    manifest: PathBuf,
    file: PathBuf,
}

/// Unit tests, and the tests of packages that need nothing but themselves.
pub(super) fn unit(workspace: &Workspace, stop: &Stop, tally: &mut Tally) {
    suite(workspace, stop, tally, false, |program| {
        program.package != "e2e" && !is_it(program) && !is_faults(program) && !is_dev(program)
    });
}

/// The server's integration tests and its conformance to the documentation.
pub(super) fn it(workspace: &Workspace, stop: &Stop, tally: &mut Tally) {
    suite(workspace, stop, tally, false, is_it);
}

/// The short selection of the faults, each a test.
pub(super) fn faults(workspace: &Workspace, stop: &Stop, tally: &mut Tally) {
    suite(workspace, stop, tally, false, is_faults);
}

/// The page as trunk serves it while somebody works on it.
pub(super) fn dev(workspace: &Workspace, stop: &Stop, tally: &mut Tally) {
    suite(workspace, stop, tally, false, is_dev);
}

/// Browsers against nodes.
pub(super) fn e2e(workspace: &Workspace, stop: &Stop, tally: &mut Tally) {
    suite(workspace, stop, tally, true, |program| program.package == "e2e");
}

fn is_it(program: &Program) -> bool {
    matches!(program.package.as_str(), "backend" | "conformance") && program.kind == "test"
}

fn is_faults(program: &Program) -> bool {
    program.package == "faults" && program.kind == "test"
}

fn is_dev(program: &Program) -> bool {
    program.package == "xtask" && program.kind == "test"
}

/// The examples in the documentation. The page has none.
pub(super) fn docs(workspace: &Workspace, stop: &Stop) -> Result<Run> {
    stream::tests(
        &mut workspace.cargo(["test", "--workspace", "--exclude", "frontend", "--doc", "--quiet"]),
        stop,
    )
}

fn suite(
    workspace: &Workspace,
    stop: &Stop,
    tally: &mut Tally,
    browser: bool,
    wanted: impl Fn(&Program) -> bool,
) {
    let prepared = || {
        let redis = setup::redis_server()?;
        let browser = if browser { Some((setup::browser()?, setup::nginx()?)) } else { None };
        let programs = step("Compiling the tests", || compile(workspace))?;
        Ok((redis, browser, programs))
    };
    let (redis, browser, programs) = match prepared() {
        Ok(prepared) => prepared,
        Err(error) => return tally.check("preparing the tests", Err(error)),
    };
    let mut any = false;
    for program in programs.iter().filter(|program| wanted(program)) {
        if stop.asked() {
            return;
        }
        any = true;
        let folder = program.manifest.parent().unwrap_or(&workspace.root);
        let mut command = Command::new(&program.file);
        command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder).env("CARGO_PKG_NAME", &program.package);
        let mut first: Vec<&Path> = redis.parent().into_iter().collect();
        if let Some((browser, nginx)) = &browser {
            command.env("CHROMIUM", &browser.chromium).env("CHROMEDRIVER", &browser.chromedriver);
            command.env("NGINX", nginx);
            first.extend(browser.chromedriver.parent());
        }
        command.env("PATH", path_with(first.into_iter()));
        if is_faults(program) {
            // Most of a fault is waiting.
            command.env("RUST_TEST_THREADS", FAULTS_AT_ONCE);
        }
        let what = format!("{} {}", program.package, program.name);
        eprintln!("==> {what} ({})", program.kind);
        tally.check_run(&what, stream::tests(&mut command, stop));
    }
    if !any {
        eprintln!("    there are no such tests");
    }
}

/// Compiles all tests of the workspace and the server that some of them start; returns the programs.
fn compile(workspace: &Workspace) -> Result<Vec<Program>> {
    let mut cargo = workspace.cargo(["test", "--workspace", "--lib", "--bins", "--tests", "--no-run"]);
    cargo.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = cargo.output().with_context(|| format!("`{}` did not start", line(&cargo)))?;
    anyhow::ensure!(output.status.success(), "`{}` failed ({})", line(&cargo), output.status);
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs: Vec<_> =
        messages.lines().filter_map(|line| program(&serde_json::from_str(line).ok()?)).collect();
    // Cargo names them in the order in which they were done.
    programs.sort_by(|one: &Program, other| (&one.package, &one.name).cmp(&(&other.package, &other.name)));
    Ok(programs)
}

fn program(message: &Value) -> Option<Program> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    Some(Program {
        // The folder's name is the package's name, everywhere in this workspace.
        package: manifest.parent()?.file_name()?.to_str()?.to_owned(),
        kind: text(&message["target"]["kind"][0])?,
        name: text(&message["target"]["name"])?,
        file: message["executable"].as_str()?.into(),
        manifest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_told_from_other_artifacts() {
        let message = |test: bool, executable: Option<&str>| {
            serde_json::json!({
                "reason": "compiler-artifact",
                "manifest_path": "/x/backend/Cargo.toml",
                "target": { "kind": ["test"], "name": "it" },
                "profile": { "test": test },
                "executable": executable,
            })
        };
        let found = program(&message(true, Some("/t/it-1"))).expect("a test program");
        assert_eq!((found.package.as_str(), found.name.as_str()), ("backend", "it"));
        assert!(is_it(&found));
        assert!(program(&message(false, Some("/t/hubbub"))).is_none());
        assert!(program(&message(true, None)).is_none());
        assert!(program(&serde_json::json!({ "reason": "build-finished" })).is_none());
    }
}
