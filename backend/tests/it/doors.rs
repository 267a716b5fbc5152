//! What plain HTTP is given and how much of it: connections, responses, the two ports.

use std::{net::SocketAddr, path::Path};

use testkit::NodeProcess;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Client, Cluster, PATIENCE, within};

const HUBBUB: &str = env!("CARGO_BIN_EXE_hubbub");

/// One request with these further header lines; the whole answer.
async fn ask(node: SocketAddr, path: &str, lines: &str) -> String {
    let mut stream = within(TcpStream::connect(node)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {node}\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

const CLOSE: &str = "Connection: close\r\n";

#[tokio::test]
async fn connections_are_bounded_and_some_are_kept_for_sockets() {
    let node = Cluster::embedded().node(&["--connections", "8", "--hello-timeout", "600"]).await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(within(TcpStream::connect(node.address)).await.unwrap());
    }
    let busy = ask(node.address, "/livez", "").await;
    assert!(busy.starts_with("HTTP/1.1 503 ") && busy.contains("retry-after: "), "{busy}");
    let mut ana = node.v1("Ana").await;
    ana.send("room", "n-1234", "still served").await;
    silent.push(within(TcpStream::connect(node.address)).await.unwrap());
    let full = ask(node.address, "/livez", "").await;
    assert!(full.starts_with("HTTP/1.1 503 ") && full.contains("Retry-After: 10"), "{full}");
    silent.clear();
    within(async { while !ask(node.address, "/livez", CLOSE).await.starts_with("HTTP/1.1 200 ") {} }).await;
}

#[tokio::test]
async fn a_network_shares_the_sessions_of_an_address() {
    let node =
        Cluster::embedded().node(&["--trusted-proxies", "127.0.0.1", "--sessions-per-address", "1"]).await;
    let upgrade = |address: &str| {
        format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: {address}\r\n"
        )
    };
    let mut first = TcpStream::connect(node.address).await.unwrap();
    let request = format!("GET /ws HTTP/1.1\r\nHost: {}\r\n{}\r\n", node.address, upgrade("2001:db8::1"));
    first.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    within(first.read_exact(&mut status)).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 101");
    let other = ask(node.address, "/ws", &(upgrade("2001:db8::ffff:1") + CLOSE)).await;
    assert!(other.starts_with("HTTP/1.1 429 ") && other.contains("retry-after: "), "{other}");
}

#[tokio::test]
async fn a_connection_is_idle_for_a_bounded_time_and_brings_a_bounded_number_of_requests() {
    let node = Cluster::embedded().node(&["--hello-timeout", "0.3"]).await;
    let mut idle = TcpStream::connect(node.address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    within(idle.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "));

    let node = Cluster::embedded().node(&[]).await;
    let (mut read, mut write) = TcpStream::connect(node.address).await.unwrap().into_split();
    let writing = tokio::spawn(async move {
        // Ends when the node has closed the connection.
        while write.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.is_ok() {}
    });
    let mut answers = Vec::new();
    // Its end may be a reset, since requests were on their way.
    let _end = within(read.read_to_end(&mut answers)).await;
    within(writing).await.unwrap();
    let answers = String::from_utf8_lossy(&answers);
    assert!(answers.matches("HTTP/1.1 200 ").count() <= 1000);
}

#[tokio::test]
async fn every_response_forbids_guessing_its_type() {
    let node = Cluster::embedded().node(&[]).await;
    let evil = format!("Origin: http://evil.example\r\nUpgrade: websocket\r\n{CLOSE}");
    for (path, lines) in [
        ("/", CLOSE),
        ("/r/room", CLOSE),
        ("/livez", CLOSE),
        ("/readyz", CLOSE),
        ("/nothing.js", CLOSE),
        ("/metrics", CLOSE),
        ("/ws", CLOSE),
        ("/ws", &evil),
    ] {
        let answer = ask(node.address, path, lines).await;
        assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn another_upgrade_gets_the_page() {
    let node = Cluster::embedded().node(&[]).await;
    let status = |answer: &str| answer.lines().next().unwrap_or_default().to_owned();
    let page = ask(node.address, "/", CLOSE).await;
    let h2c = "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    let other = ask(node.address, "/", h2c).await;
    assert_eq!(status(&other), status(&page));
    assert!(other.contains("content-type: text/html"), "{other}");
}

#[tokio::test]
async fn no_compression_is_agreed_on() {
    let node = Cluster::embedded().node(&[]).await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
        node.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && !head.contains("extensions"), "{head}");
}

#[tokio::test]
async fn operators_have_a_port_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let data = |name: &str| folder.path().join(name).display().to_string();
    let mut node = NodeProcess::start(Path::new(HUBBUB), &["--data", &data("one")], &[]).unwrap();
    node.wait_ready(PATIENCE).unwrap();
    assert_eq!(node.get("/readyz").unwrap(), (200, "ready\n".to_owned()));
    assert_eq!(node.get("/metrics").unwrap().0, 404);
    let (status, words) = node.get_admin("/readyz").unwrap();
    assert!(status == 200 && words.contains("an ack means"), "{words}");
    let (status, metrics) = node.get_admin("/metrics").unwrap();
    assert!(status == 200 && metrics.contains("hubbub_sessions 0"), "{metrics}");
    assert_eq!(node.get_admin("/").unwrap().0, 404);

    // A node whose port for operators is taken, because nobody chose it, goes on without it.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let own = port.checked_sub(1000).unwrap();
    let mut other = NodeProcess::start_on(own, Path::new(HUBBUB), &["--data", &data("two")], &[]).unwrap();
    other.wait_log("operators are not served", PATIENCE).unwrap();
    other.wait_ready(PATIENCE).unwrap();
    let mut ana = Client::connect(SocketAddr::from(([127, 0, 0, 1], other.port()))).await;
    ana.hello("Ana").await;
}
