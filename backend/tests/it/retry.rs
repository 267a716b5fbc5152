//! A node that does not hear what became of a publish sends it again, and answers as if it had heard.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use backend::broker::{Anchor, Stored, redis::connect};
use testkit::RedisServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    brokers::redis::settings,
    conformance::{draft, read, ready, room},
    support::until,
};

/// Between nodes and Redis. While it is deaf, what Redis answers is dropped.
struct Proxy {
    address: SocketAddr,
    deaf: Arc<AtomicBool>,
    cut: tokio::sync::watch::Sender<u32>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    async fn start(redis: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (deaf, cut) = (Arc::new(AtomicBool::new(false)), tokio::sync::watch::Sender::new(0));
        let mut tasks = JoinSet::new();
        let (is_deaf, cuts) = (Arc::clone(&deaf), cut.clone());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (deaf, mut cuts) = (Arc::clone(&is_deaf), cuts.subscribe());
                connections.spawn(async move {
                    tokio::select! {
                        () = forward(client, redis, &deaf) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { address, deaf, cut, _tasks: tasks }
    }

    /// Ends all connections, and hears again.
    fn cut(&self) {
        self.deaf.store(false, Ordering::SeqCst);
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

async fn forward(mut client: TcpStream, redis: u16, deaf: &AtomicBool) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", redis)).await else { return };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let answers = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            if !deaf.load(Ordering::SeqCst) && to_client.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = answers => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_retry_of_a_node_is_answered_like_its_first_try() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await;
    let broker = connect(&settings(&format!("redis://{}", proxy.address), "retry:")).unwrap();
    ready(&broker, 0).await;
    let room = room("general");
    broker.core.publish(&room, draft("anna", "first", "x")).await.unwrap();
    let generation = broker.core.health().borrow().generation;
    proxy.deaf.store(true, Ordering::SeqCst);
    let answer = broker.core.publish(&room, draft("anna", "second", "x"));
    until(|| server.command(&["XLEN", "retry:{general}:log"]).unwrap().trim() == "2").await;
    proxy.cut();
    let Stored { position, n, duplicate } = answer.await.unwrap();
    assert_eq!((n, duplicate), (Some(2), false), "its client tried once");
    ready(&broker, generation).await;
    let entries = read(&broker, &room, Anchor::Newest, 9).await.entries;
    assert_eq!((entries.len(), &entries[1].position), (2, &position));
    // A try of the client is another one.
    let again = broker.core.publish(&room, draft("anna", "second", "x")).await.unwrap();
    assert_eq!(again, Stored { position, n: None, duplicate: true });
}
