//! Everything that CI checks, counted.
//!
//! - [`tally`]: what passed and what failed, read from what the test runners print.
//! - [`stream`]: a command's output passed on line by line, with a deadline.
//! - [`native`]: the test programs of this machine; [`web`]: those that run in a browser.

mod native;
mod stream;
mod tally;
mod web;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use self::tally::Tally;
use crate::page;
use crate::setup;
use crate::signals::Stop;
use crate::workspace::{Workspace, run, step};

/// A part of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Formatting, clippy for this machine and for wasm32
    Lint,
    /// Unit, golden and conformance tests, and the examples in the documentation
    Unit,
    /// Nodes and real Redis servers together
    It,
    /// Nodes, Redis and connections broken under load: the short selection of the faults
    Faults,
    /// The shared types and the page's components inside a browser
    Web,
    /// `cargo xtask dev`: a change of the page is built and served
    Dev,
    /// Pages in real browsers against real nodes
    E2e,
}

impl Suite {
    const ALL: [Self; 7] = [Self::Lint, Self::Unit, Self::It, Self::Faults, Self::Web, Self::Dev, Self::E2e];
}

/// Runs the suites, all of them when none is named. The last line of the output is `N passed, N failed`.
pub(crate) fn test(workspace: &Workspace, suites: &[Suite]) -> Result<ExitCode> {
    let suites = if suites.is_empty() { &Suite::ALL } else { suites };
    let stop = Stop::listen()?;
    let start = Instant::now();
    let mut tally = Tally::default();
    if suites.contains(&Suite::E2e) {
        // Before anything is compiled, since the server embeds it.
        tally.check("the page builds", page::build(workspace));
    }
    for suite in suites {
        if stop.asked() {
            tally.check("the run", Err(anyhow::anyhow!("stopped by a signal")));
            break;
        }
        eprintln!("\n==> Suite {suite:?}");
        let begun = Instant::now();
        match suite {
            Suite::Lint => lint(workspace, &mut tally),
            Suite::Unit => {
                native::unit(workspace, &stop, &mut tally);
                tally.check_run("examples in the documentation", native::docs(workspace, &stop));
            }
            Suite::It => native::it(workspace, &stop, &mut tally),
            Suite::Faults => native::faults(workspace, &stop, &mut tally),
            Suite::Web => tally.check_run("tests in the browser", web::tests(workspace, &stop)),
            Suite::Dev => native::dev(workspace, &stop, &mut tally),
            Suite::E2e => native::e2e(workspace, &stop, &mut tally),
        }
        eprintln!("==> Suite {suite:?} took {:.0} s", begun.elapsed().as_secs_f64());
    }
    eprintln!("\n==> {:.0} s in all", start.elapsed().as_secs_f64());
    for failure in tally.failures() {
        println!("FAILED {failure}");
    }
    println!("{tally}");
    Ok(if tally.good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lint(workspace: &Workspace, tally: &mut Tally) {
    let fmt = || run(&mut workspace.cargo(["fmt", "--all", "--check"]));
    tally.check("formatting", step("cargo fmt", fmt));
    let native = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    tally.check("clippy", step("clippy for this machine", || run(&mut workspace.cargo(native))));
    let wasm = || {
        setup::wasm_target(workspace)?;
        let mut clippy = workspace.cargo(["clippy", "-p", "shared", "-p", "frontend", "--all-targets"]);
        clippy.args(["--target", "wasm32-unknown-unknown", "--", "-D", "warnings"]);
        run(&mut clippy)
    };
    tally.check("clippy for wasm32", step("clippy for wasm32", wasm));
}
