//! Runs the cases against nodes that are there, a line for each. `cargo xtask conformance` starts it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks through the terminal"
)]

use std::process::ExitCode;

use clap::Parser;
use conformance::{Dialect, Target, cases};

/// Checks that a node behaves as docs/protocol.md says.
///
/// It makes rooms with names of its own and sends a few hundred messages. Run it from the node's own machine: bounds
/// per address do not count there.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask conformance", max_term_width = 100)]
struct Cli {
    /// The node, as in `ws://localhost:8080`; a second one that shares its rooms lets cases use both.
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// Only this dialect; may be repeated.
    #[arg(long, value_enum, default_values = ["v1", "classic"])]
    dialect: Vec<Dialect>,
    /// Only cases whose line contains this text.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let target = match Target::new(&cli.urls) {
        Ok(target) => target,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for case in cases() {
        let line = format!("{:9} {:52} {}", case.dialect.name(), case.reference(), case.name);
        if !cli.dialect.iter().any(|dialect| case.is_of(*dialect)) || !line.contains(&cli.only) {
            continue;
        }
        match case.run(&target).failure {
            None => {
                passed += 1;
                println!("ok     {line}");
            }
            Some(why) => {
                failed += 1;
                println!("FAILED {line}: {why}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
