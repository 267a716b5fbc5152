//! Plays faults and prints one table and one verdict. `cargo xtask faults` builds everything and starts it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks through the terminal"
)]

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::{Parser, ValueEnum};
use faults::{fault::Fault, report::HEAD, world::Size};

/// Plays faults on real nodes under load and checks that nothing was lost, repeated or reordered.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask faults", max_term_width = 100)]
struct Cli {
    /// These faults, in this order; the short selection when none is named.
    #[arg(value_enum, ignore_case = true)]
    faults: Vec<Fault>,
    /// The short selection, with shorter waits.
    #[arg(long, conflicts_with = "all")]
    short: bool,
    /// Every fault, with full waits.
    #[arg(long)]
    all: bool,
    /// Repeats the random choices of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
    /// Nodes.
    #[arg(long, default_value_t = 3, value_parser = at_least_one)]
    nodes: usize,
    /// Clients.
    #[arg(long, default_value_t = 300, value_parser = at_least_one)]
    clients: usize,
    /// Rooms.
    #[arg(long, default_value_t = 50, value_parser = at_least_one)]
    rooms: usize,
    /// Messages per second.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Multiplies all bounds of time, for a machine that has other things to do.
    #[arg(long, default_value_t = 1, value_name = "FACTOR")]
    slack: u64,
    /// The server to play on.
    #[arg(long, env = "HUBBUB_BINARY", default_value = "target/debug/hubbub", value_name = "FILE")]
    binary: PathBuf,
    /// The older server that F28 mixes with it; without one the nodes are replaced by themselves.
    #[arg(long, value_name = "FILE")]
    old_binary: Option<PathBuf>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "must be a number from 1".into())
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let short = cli.short || (cli.faults.is_empty() && !cli.all);
    let selection = if cli.all {
        Fault::value_variants().to_vec()
    } else if cli.faults.is_empty() {
        Fault::SHORT.to_vec()
    } else {
        cli.faults
    };
    let Cli { binary, old_binary, nodes, clients, rooms, rate, slack, .. } = cli;
    if !binary.is_file() {
        eprintln!("error: there is no server at {}; cargo xtask faults builds one", binary.display());
        return ExitCode::FAILURE;
    }
    if let Some(old) = old_binary.as_ref().filter(|old| !old.is_file()) {
        eprintln!("error: there is no server at {}", old.display());
        return ExitCode::FAILURE;
    }
    let size = Size { binary, old_binary, seed, nodes, clients, rooms, rate, short, slack };
    println!("seed {seed}, {nodes} nodes, {clients} clients, {rooms} rooms, {rate} messages/s\n\n{HEAD}");
    let start = Instant::now();
    let mut failed = Vec::new();
    for fault in selection {
        let row = fault.play(&size).await;
        println!("{row}");
        if !row.passed() {
            failed.push((row.id.clone(), row.violations()));
        }
    }
    println!();
    for (id, violations) in &failed {
        for violation in violations {
            println!("{id}: {violation}");
        }
    }
    let took = start.elapsed().as_secs();
    println!("{} after {took} s (seed {seed})", if failed.is_empty() { "PASSED" } else { "FAILED" });
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
