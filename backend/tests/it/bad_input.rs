//! What clients get wrong: a coded answer and the connection lives, or a close code that says why not.

use std::time::{Duration, Instant};

use shared::{
    command::{self, Command},
    error::ErrorCode,
    event::{Event, Reply, ServerFrame},
    limits,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Client, Cluster, within};

fn deep(depth: usize) -> String {
    format!(r#"{{"type":"SUBSCRIBE","room":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn a_classic_connection_survives_everything_it_can_say() {
    let node = Cluster::embedded().node(&["--rooms-per-session", "2"]).await;
    let mut old = node.classic().await;
    let long_room = "r".repeat(limits::ROOM_CHARS + 1);
    let long = "m".repeat(limits::BODY_BYTES + 1);
    for (text, code) in [
        ("{".to_owned(), "bad_json"),
        ("[]".into(), "bad_json"),
        (deep(500), "bad_json"),
        (r#"{"type":"sendMessage","roomId":"r","message":"\ud800"}"#.into(), "bad_json"),
        ("{}".into(), "unknown_command"),
        (r#"{"type":5}"#.into(), "unknown_command"),
        (r#"{"type":"subscribe","room":"r"}"#.into(), "unknown_command"),
        (r#"{"type":"SUBSCRIBE"}"#.into(), "missing_field"),
        (r#"{"type":"SUBSCRIBE","room":null}"#.into(), "missing_field"),
        (r#"{"type":"SUBSCRIBE","room":7}"#.into(), "wrong_type"),
        (r#"{"type":"SUBSCRIBE","room":""}"#.into(), "room_empty"),
        (format!(r#"{{"type":"SUBSCRIBE","room":"{long_room}"}}"#), "room_too_long"),
        (r#"{"type":"sendMessage","room":"r","message":"m"}"#.into(), "missing_field"),
        (r#"{"type":"sendMessage","roomId":"r","message":{"a":1}}"#.into(), "wrong_type"),
        (r#"{"type":"sendMessage","roomId":"r","message":""}"#.into(), "message_empty"),
        (format!(r#"{{"type":"sendMessage","roomId":"r","message":"{long}"}}"#), "message_too_long"),
    ] {
        old.say(text.clone()).await;
        let answer = old.text().await;
        let expected = format!(r#"{{"type":"error","code":"{code}","message":""#);
        assert!(answer.starts_with(&expected), "{answer} to {}", &text[..text.len().min(80)]);
    }
    old.connection.send_binary(vec![1, 2, 3]).await.unwrap();
    assert!(old.text().await.contains("binary_frame"));
    old.subscribe("a").await;
    old.subscribe("b").await;
    old.subscribe("a").await;
    old.say(r#"{"type":"SUBSCRIBE","room":"c"}"#).await;
    assert!(old.text().await.contains("too_many_rooms"));
    old.send("a", "still here").await;
    assert_eq!(old.text().await, r#"{"type":"sendMessage","roomId":"a","message":"still here"}"#);
}

#[tokio::test]
async fn a_v1_connection_survives_too() {
    let node = Cluster::embedded().node(&["--rooms-per-session", "1"]).await;
    let mut ana = node.v1("Ana").await;
    for (text, id, code) in [
        ("{", None, ErrorCode::BadJson),
        (r#"{"id":1}"#, Some(1), ErrorCode::UnknownCommand),
        (r#"{"id":2,"type":"dance"}"#, Some(2), ErrorCode::UnknownCommand),
        (r#"{"id":3,"type":"join"}"#, Some(3), ErrorCode::MissingField),
        (r#"{"id":4,"type":"join","room":"r","since":"a b"}"#, Some(4), ErrorCode::PositionInvalid),
        (r#"{"id":5,"type":"send","room":"r","nonce":"a b","body":"x"}"#, Some(5), ErrorCode::NonceInvalid),
        (r#"{"id":-1,"type":"ping"}"#, None, ErrorCode::WrongType),
        (r#"{"type":"ping"}"#, None, ErrorCode::MissingField),
        (r#"{"id":6,"type":"rename","name":" "}"#, Some(6), ErrorCode::NameEmpty),
        (r#"{"id":7,"type":"rename","name":"a\u202eb"}"#, Some(7), ErrorCode::NameForbidden),
        (r#"{"id":8,"type":"history","room":"r"}"#, Some(8), ErrorCode::MissingField),
    ] {
        ana.say(text).await;
        let (of, error) = match ServerFrame::decode(&ana.text().await).unwrap() {
            ServerFrame::Reply(of, Reply::Error(error)) => (Some(of), error),
            ServerFrame::Event(Event::Error(error)) => (None, error),
            other => panic!("{other:?}"),
        };
        assert_eq!((of, error.code), (id, code), "{text}");
    }
    ana.join("a").await;
    assert_eq!(
        ana.refused(Command::Join(command::Join { room: "b".parse().unwrap(), since: None })).await,
        ErrorCode::TooManyRooms
    );
    ana.send("a", "n-1234", "still here").await;
}

#[tokio::test]
async fn frames_at_the_limit_pass_and_beyond_it_close() {
    let node = Cluster::embedded().node(&[]).await;
    let mut old = node.classic().await;
    let frame = |bytes: usize| {
        let start = r#"{"type":"SUBSCRIBE","room":"r","pad":""#;
        format!("{start}{}\"}}", "x".repeat(bytes - start.len() - 2))
    };
    old.say(frame(limits::FRAME_BYTES)).await;
    old.settle().await;
    old.say(frame(limits::FRAME_BYTES + 1)).await;
    assert_eq!(old.close_code().await, Some(1009));
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_with_1007() {
    let node = Cluster::embedded().node(&[]).await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").await.unwrap();
    // A masked text frame (mask 0) with the single byte 0xff.
    stream.write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    let close = 1007u16.to_be_bytes();
    assert!(answer.windows(2).any(|two| two == close), "{:?}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn foreign_origins_are_refused() {
    let node = Cluster::embedded().node(&["--origin", "http://listed.example"]).await;
    let own = format!("http://{}", node.address);
    for (origin, allowed) in [
        (None, true),
        (Some(own.as_str()), true),
        (Some("http://listed.example"), true),
        (Some("http://evil.example"), false),
        (Some("null"), false),
        (Some("http://listed.example.evil.example"), false),
    ] {
        let connected = Client::try_connect(node.address, origin).await;
        match connected {
            Ok(_) => assert!(allowed, "{origin:?}"),
            Err(error) => {
                assert!(!allowed, "{origin:?}");
                assert_eq!(testkit::client::refusal(&error), Some(403), "{origin:?}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn silence_ends_only_where_something_was_due() {
    let node = Cluster::embedded().node(&["--hello-timeout", "0.3"]).await;
    let start = Instant::now();
    let mut silent = TcpStream::connect(node.address).await.unwrap();
    let mut half = TcpStream::connect(node.address).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    let mut v1 = Client::connect(node.address).await;
    let mut old = node.classic().await;
    old.subscribe("room").await;
    let mut rest = Vec::new();
    within(silent.read_to_end(&mut rest)).await.unwrap();
    within(half.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(v1.close_code().await, Some(3501));
    assert!(start.elapsed() >= Duration::from_millis(300));
    old.send("room", "still here").await;
    assert!(old.text().await.contains("still here"));
}

#[tokio::test]
async fn too_many_commands_are_refused_then_end_the_connection() {
    let node = Cluster::embedded().node(&["--command-burst", "5", "--command-rate", "1"]).await;
    let mut ana = node.v1("Ana").await;
    let mut refused = 0;
    for _ in 0..10 {
        match ana.ask(Command::Ping).await {
            Reply::Pong => {}
            Reply::Error(error) => {
                assert_eq!(error.code, ErrorCode::RateLimited);
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(refused >= 5);
    for number in 0..60 {
        if ana.connection.send(number, Command::Ping).await.is_err() {
            break;
        }
    }
    assert_eq!(ana.close_code().await, Some(1008));
}

#[tokio::test]
async fn pings_count_like_commands() {
    let node = Cluster::embedded().node(&["--command-burst", "5", "--command-rate", "1"]).await;
    for dialect in ["classic", "v1"] {
        let mut stream = upgraded(node.address, dialect).await;
        // A masked, empty ping.
        stream.write_all(&[0x89, 0x80, 0, 0, 0, 0].repeat(60)).await.unwrap();
        assert_eq!(closed(&mut stream).await, 1008, "{dialect}");
    }
}

#[tokio::test]
async fn fragments_without_end_close_the_connection() {
    let node = Cluster::embedded().node(&[]).await;
    let mut stream = upgraded(node.address, "classic").await;
    // The beginning of a text, then nothing, again and again; the node stops reading some time.
    let mut fragments = vec![0x01, 0x81, 0, 0, 0, 0, b'x'];
    fragments.extend([0x00, 0x80, 0, 0, 0, 0].repeat(1000));
    stream.write_all(&fragments[..7]).await.unwrap();
    let writing = async {
        for _ in 0..10_000 {
            if stream.write_all(&fragments[7..]).await.is_err() {
                return;
            }
        }
        panic!("ten million fragments were taken");
    };
    within(writing).await;
}

/// A connection that has been upgraded and speaks raw frames.
async fn upgraded(node: std::net::SocketAddr, dialect: &str) -> TcpStream {
    let mut stream = TcpStream::connect(node).await.unwrap();
    let protocol = if dialect == "v1" { "Sec-WebSocket-Protocol: hubbub.v1\r\n" } else { "" };
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{protocol}\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream
}

/// The code with which the node closes; pongs before it are passed over.
async fn closed(stream: &mut TcpStream) -> u16 {
    loop {
        let (kind, length) =
            (within(stream.read_u8()).await.unwrap(), within(stream.read_u8()).await.unwrap());
        if kind == 0x88 {
            return within(stream.read_u16()).await.unwrap();
        }
        let mut content = vec![0; length.into()];
        within(stream.read_exact(&mut content)).await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_that_stops_is_closed_and_nobody_else_waits() {
    let node = Cluster::embedded().node(&["--outbox-kib", "64", "--write-timeout", "30"]).await;
    let hub = node.app.hub().clone();
    let mut slow = node.v1("Slow").await;
    slow.join("room").await;
    let mut quick = node.v1("Quick").await;
    quick.join("room").await;
    let body = "x".repeat(16_000);
    let mut sent = 0;
    // The kernel's buffers take some megabytes before the outbox has to.
    while hub.sessions().count() == 2 {
        assert!(sent < 4000, "the slow reader is still there");
        quick.send("room", &format!("n{sent}-rand"), &body).await;
        assert_eq!(quick.message().await.body.as_str().len(), body.len());
        sent += 1;
    }
    assert_eq!(hub.sessions().count(), 1);
    quick.send("room", "last-rand", "on it goes").await;
}

#[tokio::test]
async fn a_silent_peer_is_found_by_ping() {
    let node = Cluster::embedded().node(&["--ping-interval", "0.2", "--pong-timeout", "0.2"]).await;
    let hub = node.app.hub().clone();
    // A client that does not read its socket answers no ping.
    let dead = node.v1("Gone").await;
    let mut alive = node.v1("Here").await;
    let mut gone = false;
    while !gone {
        assert_eq!(alive.ask(Command::Ping).await, Reply::Pong);
        gone = hub.sessions().count() == 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(dead);
    alive.send("room", "n-1234", "x").await;
}

#[tokio::test]
async fn a_request_header_is_bounded() {
    let node = Cluster::embedded().node(&[]).await;
    for (bytes, status) in [(8_000, "200"), (20_000, "431")] {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        let pad = "x".repeat(bytes);
        let request =
            format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Pad: {pad}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        within(stream.read_exact(&mut answer)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{bytes} bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_too_many_acks_due_a_connection_is_not_read() {
    const WAITING: usize = 256;
    let mut server = testkit::RedisServer::start().unwrap();
    let node = Cluster::Redis(server.url(), "acks:".to_owned()).node(&[]).await;
    let mut ana = node.v1("Ana").await;
    ana.send("room", "before", "x").await;
    server.pause().unwrap();
    let mut ask = async |sends: std::ops::Range<usize>| {
        for number in sends {
            let (room, body) = ("room".parse().unwrap(), "x".parse().unwrap());
            ana.tell(Command::Send(command::Send {
                room,
                nonce: format!("n{number}").parse().unwrap(),
                body,
            }))
            .await;
        }
        let ping = ana.tell(Command::Ping).await;
        loop {
            if let ServerFrame::Reply(of, _) = ServerFrame::decode(&ana.text().await).unwrap() {
                return of == ping;
            }
        }
    };
    assert!(ask(0..WAITING - 1).await, "a ping is answered before the sends in front of it");
    assert!(!ask(WAITING - 1..WAITING).await, "the ping was read although so many acks are due");
    server.resume().unwrap();
}
