//! A disk that fails on demand.

use std::{
    fs::File,
    io::{self, ErrorKind},
    ops::Bound,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

use super::*;

/// What goes wrong.
#[derive(Debug)]
struct Faults {
    full: AtomicBool,
    /// Only growing fails: what a full disk does to a file that is there.
    grown: AtomicBool,
    /// The operations that still succeed before one fails; negative: none fails.
    syncs: AtomicI64,
    writes: AtomicI64,
    reads: AtomicI64,
    /// Syncing takes for ever.
    hanging: AtomicBool,
}

impl Default for Faults {
    fn default() -> Self {
        let never = || AtomicI64::new(-1);
        Self {
            full: false.into(),
            grown: false.into(),
            syncs: never(),
            writes: never(),
            reads: never(),
            hanging: false.into(),
        }
    }
}

fn count_down(left: &AtomicI64) -> io::Result<()> {
    match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| (left >= 0).then(|| left - 1)) {
        Ok(0) => Err(io::Error::other("on demand")),
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct Failing {
    file: FileBackend,
    faults: Arc<Faults>,
}

impl Failing {
    fn space(&self, end: u64) -> io::Result<()> {
        let grows = || self.file.len().is_ok_and(|len| end > len);
        if self.faults.full.load(Ordering::SeqCst) || (self.faults.grown.load(Ordering::SeqCst) && grows()) {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        count_down(&self.faults.reads)?;
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.space(len)?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        // It is on the disk, and nobody is told.
        self.file.sync_data()?;
        while self.faults.hanging.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        count_down(&self.faults.syncs)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.space(offset + data.len() as u64)?;
        count_down(&self.faults.writes)?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

fn failing(path: &std::path::Path) -> (Arc<Store>, Arc<Faults>) {
    failing_with(path, EmbeddedSettings::default())
}

fn failing_with(path: &std::path::Path, settings: EmbeddedSettings) -> (Arc<Store>, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let (file, given) = (path.to_owned(), Arc::clone(&faults));
    let disk = Disk::open_with(
        path.to_owned(),
        Box::new(move |builder| {
            let options = File::options().read(true).write(true).create(true).truncate(false).open(&file);
            let backend = options.map_err(redb::StorageError::Io).and_then(|file| {
                FileBackend::new(file)
                    .map_err(|error| redb::StorageError::Io(io::Error::other(error.to_string())))
            })?;
            builder.create_with_backend(Failing { file: backend, faults: Arc::clone(&given) })
        }),
    );
    (Store::start(settings, disk.unwrap()).unwrap(), faults)
}

#[tokio::test]
async fn a_full_disk_is_told_and_gets_over() {
    let folder = tempfile::tempdir().unwrap();
    let (store, faults) = failing(&folder.path().join("hubbub.redb"));
    let broker = store.join();
    broker.core.subscribe(&room("a")).await.unwrap();
    fill(&broker, "a", 20).await;
    let before = wait_ready(&broker, true).await;

    faults.full.store(true, Ordering::SeqCst);
    let answers: Vec<_> =
        (0..50).map(|number| broker.core.publish(&room("a"), draft(&format!("lost-{number:04}")))).collect();
    for answer in answers {
        assert!(matches!(answer.await, Err(BrokerError::Full(_))));
    }
    let health = wait_ready(&broker, false).await;
    assert!(health.reason.unwrap().contains("full"));
    assert!(matches!(publish(&broker, "b", "x").await, Err(BrokerError::Full(_))));
    assert!(broker.state.put(&crate::broker::Key::Secret, None, "x".into(), None).await.is_err());

    faults.full.store(false, Ordering::SeqCst);
    let after = wait_ready(&broker, true).await;
    assert!(after.generation > before.generation && after.reason.is_none());
    let stored = publish(&broker, "a", "lost-0007").await.unwrap();
    assert_eq!((stored.n, stored.duplicate), (Some(21), false));
    assert!(publish(&broker, "a", "n-0003").await.unwrap().duplicate);
    let all = everything(&broker, "a").await;
    assert_eq!(all.len(), 21);
    assert_chain(&all);
    // Nothing but what is stored was handed over.
    let mut handed = Vec::new();
    while handed.len() < 21 {
        for lane in broker.lanes.iter() {
            if let Some(crate::broker::Event::Entries(_, new)) =
                futures_util::FutureExt::now_or_never(lane.next())
            {
                handed.extend(new);
            }
        }
    }
    assert_eq!(handed, all);
}

#[tokio::test]
async fn a_file_that_cannot_grow_goes_on_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let (store, faults) = failing(&folder.path().join("hubbub.redb"));
    let broker = store.join();
    faults.grown.store(true, Ordering::SeqCst);
    let text = "x".repeat(16_000);
    let mut stored = 0;
    let error = loop {
        let nonce = format!("n-{stored:05}");
        match broker.core.publish(&room("a"), draft_by("ana", &nonce, &text)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 10_000);
    };
    assert!(matches!(error, BrokerError::Full(_)), "{error}");
    faults.grown.store(false, Ordering::SeqCst);
    wait_ready(&broker, true).await;
    publish(&broker, "a", "after").await.unwrap();
    assert_eq!(everything(&broker, "a").await.len(), stored + 1);
}

#[tokio::test]
async fn a_disk_that_hangs_is_answered_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings { deadline: Duration::from_millis(300), ..EmbeddedSettings::default() };
    let (store, faults) = failing_with(&folder.path().join("hubbub.redb"), settings);
    let broker = store.join();
    fill(&broker, "a", 1).await;
    faults.hanging.store(true, Ordering::SeqCst);
    assert_eq!(publish(&broker, "a", "late").await, Err(BrokerError::Unknown));
    let key = crate::broker::Key::Secret;
    assert_eq!(broker.state.put(&key, None, "x".into(), None).await, Err(crate::broker::StateError::Unknown));
    faults.hanging.store(false, Ordering::SeqCst);
    // It may have been stored, and it was: the same nonce tells. A slow disk may need more than one try.
    let stored = loop {
        match publish(&broker, "a", "late").await {
            Ok(stored) => break stored,
            Err(error) => assert_eq!(error, BrokerError::Unknown),
        }
    };
    assert_eq!((stored.duplicate, everything(&broker, "a").await.len()), (true, 2));
}

/// Whatever fails in or around a commit: what is answered and what is stored are the same, once.
#[tokio::test]
async fn answers_are_true_whatever_fails() {
    let folder = tempfile::tempdir().unwrap();
    for fault in 0..36_i64 {
        let (store, faults) = failing(&folder.path().join(format!("{fault}.redb")));
        let broker = store.join();
        fill(&broker, "a", 20).await;
        let counter = [&faults.syncs, &faults.writes, &faults.reads][usize::try_from(fault % 3).unwrap()];
        counter.store(fault / 3, Ordering::SeqCst);
        let mut told = Vec::new();
        for number in 0..12 {
            match publish(&broker, "a", &format!("x-{number:04}")).await {
                Ok(stored) => told.push(stored.position),
                // The sender tries again, with the same nonce.
                Err(BrokerError::Unavailable(_) | BrokerError::Unknown) => {
                    wait_ready(&broker, true).await;
                    told.push(publish(&broker, "a", &format!("x-{number:04}")).await.unwrap().position);
                }
                Err(error) => panic!("{fault}: {error}"),
            }
        }
        counter.store(-1, Ordering::SeqCst);
        store.close();
        let all = everything(&on(&folder.path().join(format!("{fault}.redb"))).join(), "a").await;
        assert_chain(&all);
        assert_eq!(all.len(), 32, "fault {fault}");
        assert_eq!(all[20..].iter().map(|entry| entry.position.clone()).collect::<Vec<_>>(), told);
    }
}
