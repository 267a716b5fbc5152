//! The tests that run inside a browser: the shared types as wasm, and the page's components.

use std::path::Path;

use anyhow::Result;

use super::stream;
use super::tally::Run;
use crate::setup::{self, path_with};
use crate::signals::Stop;
use crate::workspace::Workspace;

/// Compiles them for wasm32 and lets wasm-bindgen's runner start a browser for each program.
pub(super) fn tests(workspace: &Workspace, stop: &Stop) -> Result<Run> {
    let runner = setup::test_runner(workspace)?;
    let browser = setup::browser()?;
    let mut cargo = workspace.cargo(["test", "-p", "shared", "-p", "frontend", "--lib", "--tests"]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--no-fail-fast"]);
    cargo
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
        .env("CHROMEDRIVER", &browser.chromedriver)
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        // Generous: the machine may be busy with other things.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "180")
        .env(
            "PATH",
            path_with([&runner, &browser.chromium].into_iter().filter_map(|file| Path::new(file).parent())),
        );
    stream::tests(&mut cargo, stop)
}
