//! The binary itself: unusable settings, a Redis that is not there, leaving.

use std::{path::Path, process::Output, time::Duration};

use testkit::{NodeProcess, RedisServer, free_port};
use tokio::process::Command;

use crate::support::{Client, PATIENCE, within};

const HUBBUB: &str = env!("CARGO_BIN_EXE_hubbub");

async fn run(folder: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(HUBBUB);
    for variable in ["REDIS_URL", "PORT", "HUBBUB_SECRET"] {
        command.env_remove(variable);
    }
    command.args(flags).current_dir(folder).kill_on_drop(true);
    within(command.output()).await.unwrap()
}

#[tokio::test]
async fn unusable_settings_end_with_one_sentence_and_code_2() {
    let folder = tempfile::tempdir().unwrap();
    // Held until the end of the test: the port has to be taken while the node tries.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    let admin = format!("127.0.0.1:{taken}");
    std::fs::write(folder.path().join("notes.txt"), "not a history").unwrap();
    for (flags, parts) in [
        (vec!["--port", &taken], vec!["--port", taken.as_str(), "choose a free port"]),
        (vec!["--port", "many"], vec!["--port", "many"]),
        (vec!["--redis-url", "http://x"], vec!["--redis-url", "redis://127.0.0.1:6379"]),
        (vec!["--redis-url", "redis://"], vec!["--redis-url", "redis://127.0.0.1:6379"]),
        (vec!["--redis-url", "nonsense"], vec!["--redis-url", "redis://127.0.0.1:6379"]),
        (
            vec!["--port", "0", "--redis-url", "redis+sentinel://:word@one,two:x/main"],
            vec![
                "--redis-url",
                "Sentinel number 2 is no host:port",
                "redis+sentinel://host:26379,other:26379/NAME",
            ],
        ),
        (vec!["--port", "0", "--admin-listen", &admin], vec!["--admin-listen", taken.as_str()]),
        (vec!["--redis-url-file", "missing"], vec!["--redis-url-file", "missing"]),
        (vec!["--secret-file", "missing"], vec!["--secret-file", "missing"]),
        (vec!["--secret", "x", "--secret-file", "y"], vec!["--secret", "--secret-file"]),
        (vec!["--redis-ca", "notes.txt"], vec!["--redis-ca", "--redis-url"]),
        (
            vec!["--port", "0", "--redis-url", "rediss://localhost", "--redis-ca", "missing.pem"],
            vec!["--redis-ca", "missing.pem"],
        ),
        (
            vec!["--port", "0", "--redis-url", "rediss://localhost", "--redis-ca", "notes.txt"],
            vec!["--redis-ca", "notes.txt", "PEM"],
        ),
        (
            vec!["--port", "0", "--redis-url", "redis://localhost", "--redis-ca", "notes.txt"],
            vec!["--redis-ca", "notes.txt", "PEM"],
        ),
        (
            vec!["--port", "0", "--data", "notes.txt"],
            vec!["--data", "notes.txt", "damaged or no hubbub file"],
        ),
        (vec!["--port", "0", "--data", "no/such/folder/x.redb"], vec!["--data", "no/such/folder/x.redb"]),
        (vec!["compact", "--data", "missing.redb"], vec!["--data", "missing.redb"]),
        (vec!["export", "--data", "missing.redb"], vec!["--data", "missing.redb"]),
        (vec!["room", "general", "--data", "missing.redb"], vec!["--data", "missing.redb"]),
        (vec!["room", ""], vec!["NAME"]),
        (vec!["room", "general", "--keep", "all"], vec!["--keep", "from 0 to 1000000, or default"]),
        (vec!["room", "general", "--keep", "1000001"], vec!["--keep", "from 0 to 1000000, or default"]),
    ] {
        let output = run(folder.path(), &flags).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "not a history");
}

#[tokio::test]
async fn what_a_room_keeps_is_shown_and_set() {
    let folder = tempfile::tempdir().unwrap();
    let redis = RedisServer::start().unwrap();
    let url = redis.url();
    for (keep, says) in [
        (None, "settings"),
        (Some("5"), "keeps 5"),
        (Some("0"), "no history"),
        (None, "no history"),
        (Some("default"), "settings"),
    ] {
        let mut flags = vec!["room", "a room", "--redis-url", &url];
        flags.extend(keep.into_iter().flat_map(|keep| ["--keep", keep]));
        let output = run(folder.path(), &flags).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains(says), "{flags:?}: {text}");
    }
}

#[tokio::test]
async fn a_node_waits_for_redis_and_goes_on_by_itself() {
    let port = free_port().unwrap();
    let url = format!("redis://127.0.0.1:{port}");
    let node = NodeProcess::start(Path::new(HUBBUB), &["--redis-url", &url], &[]).unwrap();
    node.wait_log("not ready", PATIENCE).unwrap();
    assert_eq!(node.get("/readyz").unwrap(), (503, "not ready\n".to_owned()));
    let (status, text) = node.get_admin("/readyz").unwrap();
    assert!(status == 503 && text.starts_with("not ready: "), "{status} {text}");
    assert_eq!(node.get("/livez").unwrap().0, 200);
    drop(node);

    let mut redis = RedisServer::start().unwrap();
    let mut node = NodeProcess::start(Path::new(HUBBUB), &["--redis-url", &redis.url()], &[]).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    redis.kill().unwrap();
    within(async {
        while node.get("/readyz").unwrap().0 != 503 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    redis.restart(testkit::Data::Dropped).unwrap();
    node.wait_ready(PATIENCE).unwrap();
}

#[tokio::test]
async fn the_demo_logs_its_two_lines() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("h.redb");
    let flags = ["--linger", "0.05", "--data", data.to_str().unwrap()];
    let mut node = NodeProcess::start(Path::new(HUBBUB), &flags, &[]).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], node.port()));
    let mut old = Client::connect_classic(address, "/").await;
    old.subscribe("room1").await;
    node.wait_log("subscribing on the pub sub to room: room1\n", PATIENCE).unwrap();
    old.say(r#"{"type":"UNSUBSCRIBE","room":"room1"}"#).await;
    node.wait_log("unsubscribing from the pub sub from room: room1\n", PATIENCE).unwrap();
    let (status, metrics) = node.get_admin("/metrics").unwrap();
    assert!(status == 200 && metrics.contains("hubbub_sessions 1"), "{metrics}");
    node.terminate().unwrap();
    assert_eq!(old.close_code().await, Some(1012));
    assert!(node.wait(PATIENCE).unwrap().success());
}

#[tokio::test]
async fn what_was_said_outlives_the_node_and_can_be_exported() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("h.redb");
    let flags = ["--data", data.to_str().unwrap()];
    let mut node = NodeProcess::start(Path::new(HUBBUB), &flags, &[]).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], node.port()));
    let mut ana = Client::connect(address).await;
    let welcome = ana.hello("Ana").await;
    let (position, _) = ana.send("general", "n-1234", "kept").await;
    node.kill().unwrap();
    node.restart().unwrap();
    node.wait_ready(PATIENCE).unwrap();
    let mut ana = Client::connect(address).await;
    assert_eq!(ana.hello_with("Ana", Some(welcome.token)).await.user, welcome.user);
    assert_eq!(ana.send("general", "n-1234", "kept").await, (position, true));
    assert_eq!(ana.join("general").await.entries.len(), 1);
    node.terminate().unwrap();
    assert!(node.wait(PATIENCE).unwrap().success());
    let output = run(folder.path(), &["export", "--data", "h.redb"]).await;
    let lines = String::from_utf8(output.stdout).unwrap();
    let line: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((line["room"].as_str(), line["body"].as_str()), (Some("general"), Some("kept")));
    assert!(run(folder.path(), &["compact", "--data", "h.redb"]).await.status.success());
}
