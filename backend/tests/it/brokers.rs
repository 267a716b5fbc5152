//! The brokers that the conformance suite runs on.

pub(crate) mod embedded {
    //! The suite over files in folders of their own.

    use std::sync::Arc;

    use backend::broker::{
        Broker,
        embedded::{EmbeddedSettings, Store},
    };
    use tempfile::TempDir;

    use crate::conformance::{Fixture, HISTORY_MAX, conformance, ready};

    /// Nodes on one file.
    pub(crate) struct Nodes {
        store: Arc<Store>,
        folder: TempDir,
    }

    impl Fixture for Nodes {
        async fn broker(&self) -> Broker {
            let broker = self.store.join();
            ready(&broker, 0).await;
            broker
        }

        async fn restart(&mut self) {
            self.store.close();
            self.store = open(&self.folder);
        }

        fn cut(&self) -> bool {
            false
        }
    }

    fn open(folder: &TempDir) -> Arc<Store> {
        let path = Some(folder.path().join("hubbub.redb"));
        Store::open(EmbeddedSettings { path, history_max: HISTORY_MAX, ..EmbeddedSettings::default() })
            .unwrap()
    }

    fn start() -> Nodes {
        let folder = TempDir::new().unwrap();
        Nodes { store: open(&folder), folder }
    }

    conformance!(start, start);
}

pub(crate) mod redis {
    //! The suite over a redis-server that all tests share, each with keys of its own.

    use std::{
        sync::{
            Mutex, PoisonError,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use backend::broker::{
        Broker,
        redis::{RedisSettings, connect},
    };
    use testkit::{Data, RedisOptions, RedisServer};

    use crate::conformance::{Fixture, HISTORY_MAX, amend, conformance, draft, ready, room, say_many};

    /// Nodes on one Redis.
    pub(crate) struct Nodes {
        url: String,
        prefix: String,
        own: Option<RedisServer>,
    }

    impl Fixture for Nodes {
        async fn broker(&self) -> Broker {
            let broker = connect(&settings(&self.url, &self.prefix)).unwrap();
            ready(&broker, 0).await;
            broker
        }

        async fn restart(&mut self) {
            let server = self.own.as_mut().expect("a shared server is not restarted");
            server.restart(Data::Kept).unwrap();
        }

        fn cut(&self) -> bool {
            let server = self.own.as_ref().expect("the connections of others are not cut");
            for kind in ["normal", "pubsub"] {
                server.command(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]).unwrap();
            }
            true
        }
    }

    /// Settings for tests: small histories, quick probes.
    pub(crate) fn settings(url: &str, prefix: &str) -> RedisSettings {
        RedisSettings {
            url: url.to_owned(),
            prefix: prefix.to_owned(),
            publish_deadline: Duration::from_secs(10),
            probe_interval: Duration::from_millis(200),
            history_max: HISTORY_MAX,
            ..RedisSettings::default()
        }
    }

    /// The address of a redis-server that all tests share, and a prefix that nobody else has.
    pub(crate) fn shared_server() -> (String, String) {
        static SERVER: Mutex<Option<RedisServer>> = Mutex::new(None);
        static PREFIX: AtomicU32 = AtomicU32::new(0);
        let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        let url = server.get_or_insert_with(|| RedisServer::start().unwrap()).url();
        (url, format!("test{}:", PREFIX.fetch_add(1, Ordering::Relaxed)))
    }

    fn start() -> Nodes {
        let (url, prefix) = shared_server();
        Nodes { url, prefix, own: None }
    }

    fn start_alone() -> Nodes {
        let options = RedisOptions { append_only: Some("always"), ..RedisOptions::default() };
        let server = RedisServer::with(options).unwrap();
        Nodes { url: server.url(), prefix: "alone:".to_owned(), own: Some(server) }
    }

    conformance!(start, start_alone);

    /// What readers no longer see is not kept for ever either.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_amended_entries_say_goes_with_them() {
        let server = RedisServer::start().unwrap();
        let broker = connect(&settings(&server.url(), "tidy:")).unwrap();
        ready(&broker, 0).await;
        let room = room("general");
        let amended = |key: &str| server.command(&["HLEN", key]).unwrap();
        for entry in say_many(&broker, &room, 50).await {
            let nonce = format!("e{}", entry.n);
            amend(&broker, &room, &nonce, &entry.position, Some("edited")).await.unwrap();
        }
        assert_eq!(amended("tidy:{general}:amended").trim(), "50");
        let filling =
            (0..1_000).map(|number| broker.core.publish(&room, draft("anna", &format!("f{number}"), "x")));
        for stored in filling.collect::<Vec<_>>() {
            stored.await.unwrap();
        }
        assert_eq!(amended("tidy:{general}:amended").trim(), "0");
    }
}
