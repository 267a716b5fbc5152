//! The project's own automation. `cargo xtask --help` lists the tasks.
//!
//! In reading order:
//! - [`workspace`]: where things are, and how a command is run and reported.
//! - [`setup`]: the tools that a task needs, found or made once.
//! - [`page`] and [`build`]: the page, compressed and ready to be embedded; the one binary with the page in it.
//! - [`run`] and [`cluster`]: one node, or two nodes and a Redis; [`dev`]: a node and a page that is rebuilt on changes.
//! - [`test`]: everything that CI checks.
//! - [`dist`]: one file to ship.
//! - [`faults`]: nodes, Redis and connections broken under load; [`conformance`]: a node against its documentation.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks through the terminal"
)]

mod build;
mod children;
mod cluster;
mod conformance;
mod dev;
mod dist;
mod faults;
#[cfg(test)]
mod layers;
mod page;
mod run;
mod setup;
mod signals;
mod test;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::build::Profile;
use crate::dev::Ports;
use crate::test::Suite;
use crate::workspace::Workspace;

/// Builds, runs and tests Hubbub.
///
/// What a task needs and does not find (the wasm32 target, trunk, wasm-bindgen, a Redis, a browser) it sets up once.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build page and server into one file that needs nothing beside it: target/release/hubbub
    Build,
    /// Build the page alone and report what a first visit downloads
    Page,
    /// Build, then start one node on localhost:8080 (PORT changes the port)
    Run {
        #[command(flatten)]
        profile: Profile,
        /// Arguments for the node, after `--`
        #[arg(last = true)]
        args: Vec<OsString>,
    },
    /// Build, then start two nodes on ports 8080 and 8081 that share a Redis
    ///
    /// The Redis is `REDIS_URL` when that is set, else one of its own: private port, temporary folder.
    /// Ctrl-C ends all of it.
    Cluster {
        #[command(flatten)]
        profile: Profile,
        /// Arguments for both nodes, after `--`
        #[arg(last = true)]
        args: Vec<OsString>,
    },
    /// Start a node and a page that is rebuilt on every change, on localhost:8088
    ///
    /// Runs `trunk serve` with its tools and a node on port 8080 that accepts the page. Ctrl-C ends both.
    Dev {
        #[command(flatten)]
        ports: Ports,
        /// Arguments for the node, after `--`
        #[arg(last = true)]
        args: Vec<OsString>,
    },
    /// Check everything that CI checks; the last line counts what passed and what failed
    Test {
        /// Only these suites, in this order
        suites: Vec<Suite>,
    },
    /// Pack binary, licence, systemd unit, man page and completions into dist/hubbub-VERSION-TARGET.tar.gz
    Dist,
    /// Play faults on real nodes under load and check that nothing was lost, repeated or reordered
    ///
    /// `cargo xtask faults --help` lists them; --short and --all select.
    #[command(disable_help_flag = true)]
    Faults {
        /// What to play
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Check that a running node behaves as docs/protocol.md says
    ///
    /// `cargo xtask conformance ws://localhost:8080`; --help lists the options.
    #[command(disable_help_flag = true)]
    Conformance {
        /// Nodes and options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Find or make every tool that the other tasks need, and say where each one is
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = Workspace::open().and_then(|workspace| match cli.task {
        Task::Build => build::build(&workspace).map(|_| ExitCode::SUCCESS),
        Task::Page => page::build(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Run { profile, args } => run::run(&workspace, &profile, &args),
        Task::Cluster { profile, args } => cluster::cluster(&workspace, &profile, &args),
        Task::Dev { ports, args } => dev::dev(&workspace, &ports, &args),
        Task::Test { suites } => test::test(&workspace, &suites),
        Task::Dist => dist::dist(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Faults { args } => faults::faults(&workspace, &args),
        Task::Conformance { args } => conformance::conformance(&workspace, &args),
        Task::Setup => setup::everything(&workspace).map(|()| ExitCode::SUCCESS),
    });
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
