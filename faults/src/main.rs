//! Plays faults and prints one table and one verdict. `cargo xtask faults` builds everything and starts it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks through the terminal"
)]

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::{Parser, ValueEnum};
use faults::{
    fault::Fault,
    report::HEAD,
    testbed::{ExternalCluster, RunOptions},
};

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
    /// A cluster that runs already, as in ws://10.0.0.5:8080,ws://10.0.0.6:8080: nothing is started, and only faults that need nothing but client connections are played.
    #[arg(long, value_name = "URL,…", value_delimiter = ',', conflicts_with_all = ["nodes", "old_binary"])]
    cluster: Vec<String>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "must be a number from 1".into())
}

/// What is to be played.
fn selection(cli: &Cli) -> Vec<Fault> {
    let whole = if cli.cluster.is_empty() {
        Fault::value_variants().iter().copied().filter(|fault| *fault != Fault::None).collect()
    } else {
        Fault::ANYWHERE.to_vec()
    };
    if cli.all {
        whole
    } else if !cli.faults.is_empty() {
        cli.faults.clone()
    } else if cli.cluster.is_empty() {
        Fault::SHORT.to_vec()
    } else {
        whole
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let short = cli.short || (cli.faults.is_empty() && !cli.all);
    let selection = selection(&cli);
    let Cli { binary, old_binary, cluster, nodes, clients, rooms, rate, slack, .. } = cli;
    let cluster = if cluster.is_empty() {
        if let Some(none) =
            [Some(&binary), old_binary.as_ref()].into_iter().flatten().find(|path| !path.is_file())
        {
            eprintln!("error: there is no server at {}; cargo xtask faults builds one", none.display());
            return ExitCode::FAILURE;
        }
        println!("seed {seed}, {nodes} nodes, {clients} clients, {rooms} rooms, {rate} messages/s\n\n{HEAD}");
        None
    } else {
        if let Some(fault) = selection.iter().find(|fault| !Fault::ANYWHERE.contains(fault)) {
            eprintln!(
                "error: {fault:?} needs processes of its own; on a running cluster there are {}",
                Fault::ANYWHERE.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>().join(", ")
            );
            return ExitCode::FAILURE;
        }
        let mark = format!("{:012x}", fastrand::u64(..1 << 48));
        println!(
            "seed {seed}, {}, {clients} clients, {rooms} rooms called … of faults {mark}, {rate} messages/s\n\n{HEAD}",
            cluster.join(" "),
        );
        match ExternalCluster::at(&cluster, mark) {
            Ok(running) => Some(running),
            Err(error) => {
                eprintln!("error: {error:#}");
                return ExitCode::FAILURE;
            }
        }
    };
    let options = RunOptions { binary, old_binary, cluster, seed, nodes, clients, rooms, rate, short, slack };
    if let Err(error) = testkit::raise_descriptor_limit() {
        eprintln!("warning: {error:#}");
    }
    let start = Instant::now();
    let mut failed = Vec::new();
    for fault in selection {
        let row = fault.play(&options).await;
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
