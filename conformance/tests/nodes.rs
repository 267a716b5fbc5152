//! The cases against real nodes, on both brokers: the documents and the server agree.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use testkit::{NodeProcess, RedisServer};

const WORKS: &str = "the tools of this test work";

/// The server that was built with these tests, or what `HUBBUB_BINARY` names.
fn server() -> PathBuf {
    if let Some(named) = std::env::var_os("HUBBUB_BINARY") {
        return named.into();
    }
    let own = Path::new(env!("CARGO_BIN_EXE_conformance"));
    let server = own.with_file_name(format!("hubbub{}", std::env::consts::EXE_SUFFIX));
    assert!(server.is_file(), "{} is not there; build it with: cargo build -p backend", server.display());
    server
}

fn node(args: &[&str]) -> NodeProcess {
    let mut node = NodeProcess::start(&server(), args, &[]).expect(WORKS);
    node.wait_ready(Duration::from_secs(60)).expect(WORKS);
    node
}

fn run(nodes: &[&NodeProcess], options: &[&str]) -> (Output, String) {
    let urls = nodes.iter().map(|node| format!("ws://127.0.0.1:{}", node.port()));
    let output =
        Command::new(env!("CARGO_BIN_EXE_conformance")).args(urls).args(options).output().expect(WORKS);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, said)
}

/// Every case passes, and no case is left out.
fn conforms(nodes: &[&NodeProcess]) {
    let (output, said) = run(nodes, &[]);
    let failed: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(output.status.success(), "{failed:#?}");
    assert!(said.ends_with(&format!("{} passed, 0 failed\n", conformance::cases().len())), "{failed:?}");
}

#[test]
fn a_node_with_a_file_conforms() {
    let folder = tempfile::tempdir().expect(WORKS);
    conforms(&[&node(&["--data", &folder.path().join("rooms.redb").to_string_lossy()])]);
}

#[test]
fn two_nodes_on_redis_conform() {
    let redis = RedisServer::start().expect(WORKS);
    let start = || node(&["--redis-url", &redis.url()]);
    conforms(&[&start(), &start()]);
}

#[test]
fn what_a_node_does_not_do_fails() {
    let folder = tempfile::tempdir().expect(WORKS);
    let data = folder.path().join("rooms.redb");
    let node = node(&["--data", &data.to_string_lossy(), "--classic", "false"]);
    let (output, said) = run(&[&node], &["--dialect", "inherited"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.ends_with("\n0 passed, 10 failed\n"), "{said}");
    let (output, said) = run(&[&node], &["--dialect", "v1", "--only", "frames"]);
    assert!(output.status.success(), "{said}");
}

#[test]
fn every_case_names_a_section_of_the_document() {
    let document = include_str!("../../docs/protocol.md");
    for case in conformance::cases() {
        let heading =
            |line: &str| line.trim_start_matches('#').trim_start() == case.section && line.starts_with('#');
        assert!(document.lines().any(heading), "{:?} is no heading", case.section);
    }
}
