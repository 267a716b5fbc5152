//! The harness on a cluster that runs already: two nodes, which it must find as it left them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use testkit::{NodeProcess, RedisServer};

const WORKS: &str = "the tools of this test work";

/// The server that was built with these tests, or what `HUBBUB_BINARY` names.
fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("HUBBUB_BINARY") {
        return named.into();
    }
    let own = Path::new(env!("CARGO_BIN_EXE_faults"));
    let binary = own.with_file_name(format!("hubbub{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.is_file(), "{} is not there; build it with: cargo build -p backend", binary.display());
    binary
}

fn play(nodes: &[NodeProcess], faults: &[&str]) -> (Output, String) {
    let urls: Vec<_> = nodes.iter().map(|node| format!("ws://127.0.0.1:{}", node.port())).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
    command.args(["--cluster", &urls.join(","), "--short", "--slack", "5", "--seed", "7"]);
    command.args(["--clients", "20", "--rooms", "4", "--rate", "40"]).args(faults);
    let output = command.output().expect(WORKS);
    let said = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
    (output, said)
}

#[test]
fn is_played_on_with_clients_alone() {
    let redis = RedisServer::start().expect(WORKS);
    let start = || NodeProcess::start(&binary(), &["--redis-url", &redis.url()], &[]).expect(WORKS);
    let mut nodes = [start(), start()];
    for node in &mut nodes {
        node.wait_ready(Duration::from_secs(60)).expect(WORKS);
    }
    let (output, said) = play(&nodes, &["none", "f12", "f30"]);
    assert!(output.status.success(), "{said}");
    for row in ["| None |", "| F12 |", "| F30 |"] {
        assert!(said.contains(row), "{row} is missing: {said}");
    }
    // Each fault has rooms of its own, too: the histories would not fit otherwise.
    let (_, again) = play(&nodes, &["none"]);
    assert!(again.contains("PASSED"), "{again}");

    let (output, said) = play(&nodes, &["f12", "f6"]);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("F6 needs processes of its own"), "{said}");
    for node in &mut nodes {
        node.wait_ready(Duration::from_secs(10)).expect(WORKS);
    }
}
