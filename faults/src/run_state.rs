//! State that all clients of a run share: addresses of the nodes and measurements.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use shared::error::ErrorCode;
use tokio::sync::watch;

const BUCKETS: usize = 20_000;

/// State that all clients of a run share.
#[derive(Debug)]
pub struct RunState {
    /// The nodes, by index.
    pub nodes: Vec<SocketAddr>,
    /// Set to end all clients.
    pub stop: watch::Sender<bool>,
    /// Connections that the client did not end itself.
    pub disconnects: AtomicU64,
    /// Connections on which `hello` was refused.
    pub turned_away: AtomicU64,
    /// Clients that are in all their rooms.
    pub settled: AtomicI64,
    /// Sends without a final reply.
    pub pending: AtomicI64,
    /// Messages received by all clients together.
    pub heard: AtomicU64,
    /// `lost` events and joins that were not recovered.
    pub told: AtomicU64,
    /// When the last of them arrived, in milliseconds of [`RunState::now`].
    pub last_told: AtomicU64,
    /// Refusals of sends.
    pub refusals: AtomicU64,
    /// Bytes of a message body.
    pub body_bytes: AtomicU64,
    started: Instant,
    /// By node: the send time of the newest message that one of its clients received.
    newest: Vec<AtomicU64>,
    away: AtomicU64,
    answer: AtomicU64,
    latency: Vec<AtomicU64>,
    closes: Mutex<BTreeMap<u16, u64>>,
    codes: Mutex<BTreeMap<String, u64>>,
}

impl RunState {
    /// All counters at zero.
    pub fn new(nodes: Vec<SocketAddr>) -> Self {
        Self {
            newest: nodes.iter().map(|_| AtomicU64::new(0)).collect(),
            nodes,
            stop: watch::channel(false).0,
            disconnects: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            settled: AtomicI64::new(0),
            pending: AtomicI64::new(0),
            heard: AtomicU64::new(0),
            told: AtomicU64::new(0),
            last_told: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            body_bytes: AtomicU64::new(24),
            started: Instant::now(),
            away: AtomicU64::new(0),
            answer: AtomicU64::new(0),
            latency: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            closes: Mutex::default(),
            codes: Mutex::default(),
        }
    }

    /// Milliseconds since the run began.
    pub fn now(&self) -> u64 {
        millis(self.started.elapsed())
    }

    /// Counts a message received from a node, sent at this time.
    pub fn hear(&self, node: usize, sent: u64) {
        self.heard.fetch_add(1, Relaxed);
        if let Some(newest) = self.newest.get(node) {
            newest.fetch_max(sent, Relaxed);
        }
        let took = usize::try_from(self.now().saturating_sub(sent)).unwrap_or(usize::MAX);
        self.latency[took.min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    /// Whether clients of all these nodes have received a message sent at this time or later.
    pub fn heard_since(&self, sent: u64, nodes: &[usize]) -> bool {
        nodes.iter().all(|node| self.newest[*node].load(Relaxed) >= sent)
    }

    /// Counts a loss that a client was told of.
    pub fn tell(&self) {
        self.told.fetch_add(1, Relaxed);
        self.last_told.fetch_max(self.now(), Relaxed);
    }

    /// Records how long a client was away.
    pub fn was_away(&self, time: Duration) {
        self.away.fetch_max(millis(time), Relaxed);
    }

    /// Records how long a reply to a send took, whatever it said.
    pub fn answered(&self, time: Duration) {
        self.answer.fetch_max(millis(time), Relaxed);
    }

    /// Counts a connection that ended with this code (1006: none).
    pub fn closed(&self, code: u16) {
        *self.closes.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    /// Counts a refused send.
    pub fn refused(&self, code: ErrorCode) {
        self.refusals.fetch_add(1, Relaxed);
        *self.codes.lock().unwrap_or_else(PoisonError::into_inner).entry(format!("{code:?}")).or_default() +=
            1;
    }

    /// How often each code refused a send since the last call.
    pub fn take_codes(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.codes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often each close code ended a connection so far.
    pub fn closes(&self) -> BTreeMap<u16, u64> {
        self.closes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The longest that a client was away since the last call, in milliseconds.
    pub fn take_away(&self) -> u64 {
        self.away.swap(0, Relaxed)
    }

    /// The slowest reply since the last call, in milliseconds.
    pub fn take_answer(&self) -> u64 {
        self.answer.swap(0, Relaxed)
    }

    /// The delivery time that 99 of 100 messages since the last look stayed below, in milliseconds.
    pub fn take_p99(&self) -> u64 {
        let counts: Vec<_> = self.latency.iter().map(|bucket| bucket.swap(0, Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        let mut below = 0;
        for (time, count) in counts.iter().enumerate() {
            below += count;
            if below * 100 >= all * 99 {
                return u64::try_from(time).unwrap_or(u64::MAX);
            }
        }
        0
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
