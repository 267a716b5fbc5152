//! Redis and its Sentinels spoken to in TLS, with certificates that the tests make.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use backend::broker::{
    Broker,
    redis::{RedisSettings, connect},
};
use tempfile::TempDir;
use testkit::{NodeProcess, RedisOptions, RedisServer, free_port};

use crate::{
    conformance::{heard, ready, room, say},
    support::{PATIENCE, within},
};

/// An authority, and a certificate that it signed for this machine.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let request = |arguments: &[&str]| {
            let mut openssl = Command::new("openssl");
            openssl.args(["req", "-x509"]).args(key).args(arguments).current_dir(folder.path());
            let made = openssl.output().expect("openssl did not start; try: apt-get install openssl");
            assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
        };
        request(&["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"]);
        let signed = ["-subj", "/CN=localhost", "-CA", "ca.pem", "-CAkey", "ca.key"];
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
        let leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", names];
        let files = ["-keyout", "key.pem", "-out", "cert.pem"];
        request(&[&signed[..], &leaf[..], &files[..]].concat());
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lines of a configuration of Redis or Sentinel.
    fn lines(&self, port: u16) -> Vec<(&'static str, String)> {
        let path = |name| self.file(name).display().to_string();
        vec![
            ("tls-port", port.to_string()),
            ("tls-cert-file", path("cert.pem")),
            ("tls-key-file", path("key.pem")),
            ("tls-ca-cert-file", path("ca.pem")),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-replication", "yes".to_owned()),
        ]
    }

    /// A server that speaks TLS on this port, and without it to its test alone.
    fn server(&self, port: u16) -> RedisServer {
        let options = RedisOptions::default();
        let lines = self.lines(port);
        RedisServer::with(lines.iter().fold(options, |options, (name, value)| options.line(name, value)))
            .expect("a redis-server that can speak TLS")
    }
}

/// One Sentinel that speaks nothing but TLS; killed when dropped.
struct Sentinel {
    process: Child,
    _folder: TempDir,
}

impl Sentinel {
    fn start(certificates: &Certificates, port: u16, primary: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = certificates.lines(port).into_iter().map(|(name, value)| format!("{name} {value}\n"));
        let conf = format!(
            "port 0\nbind 127.0.0.1\ndir {}\n{}sentinel monitor main 127.0.0.1 {primary} 1\n",
            folder.path().display(),
            tls.collect::<String>(),
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, conf).unwrap();
        let mut start = Command::new("redis-server");
        start.arg(&file).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null());
        Self { process: start.spawn().unwrap(), _folder: folder }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn node(url: &str, ca: &Path) -> Broker {
    let settings = RedisSettings {
        url: url.to_owned(),
        ca: Some(ca.to_owned()),
        prefix: "tls:".to_owned(),
        ..RedisSettings::default()
    };
    connect(&settings).unwrap()
}

/// Everything a node has connections for: a publish, a read, and what the subscriber brings.
async fn talks(broker: &Broker) {
    let room = room("general");
    broker.core.subscribe(&room).await.unwrap();
    let stored = say(broker, &room, "hello").await.unwrap();
    assert_eq!(heard(broker, &room, "hello").await[0].position, stored.position);
    assert_eq!(broker.core.heads(std::slice::from_ref(&room)).await.unwrap(), [stored.position]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_and_redis_talk_in_tls() {
    let certificates = Certificates::make();
    let port = free_port().unwrap();
    let server = certificates.server(port);
    for host in ["127.0.0.1", "localhost"] {
        let broker = node(&format!("rediss://{host}:{port}"), &certificates.file("ca.pem"));
        ready(&broker, 0).await;
        let clients = server.command(&["CLIENT", "LIST"]).unwrap();
        let here = |port: u16| {
            clients.lines().filter(|line| line.contains(&format!("laddr=127.0.0.1:{port} "))).count()
        };
        // The test itself asks over the one connection without TLS.
        assert!(here(port) >= 2 && here(server.port()) == 1, "{clients}");
        if host == "localhost" {
            talks(&broker).await;
        }
        broker.core.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_and_what_they_name_are_spoken_to_in_tls() {
    let certificates = Certificates::make();
    let (port, of_sentinel) = (free_port().unwrap(), free_port().unwrap());
    let _server = certificates.server(port);
    let _sentinel = Sentinel::start(&certificates, of_sentinel, port);
    let url = format!("rediss+sentinel://127.0.0.1:{of_sentinel}/main");
    let broker = node(&url, &certificates.file("ca.pem"));
    ready(&broker, 0).await;
    talks(&broker).await;
    broker.core.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_another_certificate_is_not_believed() {
    let (certificates, others) = (Certificates::make(), Certificates::make());
    let port = free_port().unwrap();
    let _server = certificates.server(port);
    let url = format!("rediss://127.0.0.1:{port}");
    let of_others = others.file("ca.pem").display().to_string();
    let flags = ["--redis-url", &url, "--redis-ca", &of_others];
    let node = NodeProcess::start(Path::new(env!("CARGO_BIN_EXE_hubbub")), &flags, &[]).unwrap();
    node.wait_log("invalid peer certificate", PATIENCE).unwrap();
    let (status, text) = node.get_admin("/readyz").unwrap();
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("invalid peer certificate"), "{text}");
    // Nor is a server that speaks no TLS.
    let plain = RedisServer::start().unwrap();
    let broker = self::node(&format!("rediss://127.0.0.1:{}", plain.port()), &others.file("ca.pem"));
    let mut health = broker.core.health();
    let told = |health: &backend::broker::Health| {
        health.reason.as_ref().is_some_and(|why| why != "connecting to Redis")
    };
    assert!(!within(health.wait_for(told)).await.unwrap().ready);
}
