//! What must stay secret: passwords, tokens, the secret that signs them, and the file that holds it.

use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt, path::Path};

use shared::command::Command;
use testkit::{NodeProcess, RedisOptions, RedisServer};

use crate::support::{Client, PATIENCE, within};

const HUBBUB: &str = env!("CARGO_BIN_EXE_hubbub");

/// What no output may hold.
const PASSWORD: &str = "swordfish";

#[tokio::test]
async fn errors_never_show_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short"), PASSWORD).unwrap();
    fs::write(folder.path().join("url"), "redis://:x#swordfish@host").unwrap();
    for (flags, secret, says) in [
        (vec!["--secret", PASSWORD], "", "(--secret) must have at least 32 characters"),
        (vec!["--secret-file", "short"], "", "(--secret-file) must have at least 32 characters"),
        (vec![], PASSWORD, "must have at least 32 characters"),
        (vec!["--redis-url", PASSWORD], "", "--redis-url"),
        (vec!["--redis-url", "redis://:x#swordfish@host"], "", "--redis-url"),
        (vec!["--redis-url", "redis://:x/swordfish@host"], "", "--redis-url"),
        (vec!["--redis-url", "redis://app:12/swordfish@host"], "", "--redis-url"),
        (vec!["--redis-url", "redis://app:x?swordfish@host"], "", "--redis-url"),
        (vec!["--redis-url", "redis+sentinel://app:x/swordfish@one/main"], "", "--redis-url"),
        (vec!["--redis-url", "redis+sentinel://app:12/swordfish@one/main"], "", "--redis-url"),
        (vec!["--redis-url", "redis+sentinel://swordfish:x/main"], "", "--redis-url"),
        (vec!["--redis-url-file", "url"], "", "--redis-url"),
        (vec!["export", "--redis-url", "redis://:x#swordfish@host"], "", "--redis-url"),
    ] {
        let mut node = tokio::process::Command::new(HUBBUB);
        node.args(&flags).current_dir(&folder).env("PORT", "0").env_remove("REDIS_URL").kill_on_drop(true);
        if !secret.is_empty() {
            node.env("HUBBUB_SECRET", secret);
        }
        let output = within(node.output()).await.unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {text}");
        assert!(text.contains(says), "{flags:?}: {text}");
        assert!(!text.contains(PASSWORD), "{flags:?}: {text}");
    }
}

/// A Redis that wants a password, and the files that a node reads both secrets from.
fn guarded(folder: &Path) -> (RedisServer, [String; 4]) {
    let redis = RedisServer::with(RedisOptions::default().line("requirepass", PASSWORD)).unwrap();
    let (url, secret) = (folder.join("url"), folder.join("secret"));
    fs::write(&url, format!("redis://:{PASSWORD}@127.0.0.1:{}\n", redis.port())).unwrap();
    fs::write(&secret, format!("{}\n", PASSWORD.repeat(4))).unwrap();
    let path = |path: &Path| path.display().to_string();
    (redis, ["--redis-url-file".into(), path(&url), "--secret-file".into(), path(&secret)])
}

#[tokio::test]
async fn no_log_level_shows_a_password_or_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let (_redis, flags) = guarded(folder.path());
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let mut node = NodeProcess::start(Path::new(HUBBUB), &flags, &[("HUBBUB_LOG", "trace")]).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], node.port()));
    let mut ana = Client::connect(address).await;
    let welcome = ana.hello("Ana").await;
    ana.join("general").await;
    ana.send("general", "n-1234", "a body that nobody logs").await;
    let mut again = Client::connect(address).await;
    let returned = again.hello_with("Ana", Some(welcome.token.clone())).await;
    assert_eq!(returned.user, welcome.user);
    again.ask(Command::Forget).await;
    drop((ana, again));
    node.terminate().unwrap();
    assert!(node.wait(PATIENCE).unwrap().success());
    let log = node.log();
    assert!(log.contains("DEBUG"), "the log is not at its most talkative: {log}");
    let signature = |token: &str| token.split_once('.').unwrap().1.to_owned();
    for secret in [
        PASSWORD.to_owned(),
        signature(&welcome.token),
        signature(&returned.token),
        "a body that nobody logs".to_owned(),
    ] {
        let at = log.find(&secret).map(|at| &log[at.saturating_sub(200)..at + 50]);
        assert_eq!(at, None, "the log shows {secret}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_file_is_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("h.redb");
    let flags = ["--data", data.to_str().unwrap()];
    let mut node = NodeProcess::start(Path::new(HUBBUB), &flags, &[]).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    assert_eq!(mode(&data), 0o600);
    node.kill().unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o644)).unwrap();
    node.restart().unwrap();
    node.wait_log("could be opened by others (mode 644)", PATIENCE).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    assert_eq!(mode(&data), 0o600);
}
