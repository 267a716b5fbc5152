//! What the node counts, in Prometheus text at `/metrics`. The help texts are the documentation.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use shared::close::CloseReason;

/// All instruments of a node.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Frames handed to outboxes.
    pub deliveries: Counter,
    /// Messages accepted and stored through this node.
    pub acks: Counter,
    /// Commands that were refused.
    pub refusals: Counter,
    /// Entries that arrived a second time and were left out.
    pub duplicates: Counter,
    /// Holes read from the history.
    pub repairs: Counter,
    /// Times a history was found without its tail.
    pub tails_lost: Counter,
    /// Rooms of which a full lane dropped entries.
    pub lane_gaps: Counter,
    /// Times the bus was interrupted and whole again.
    pub generations: Counter,
    /// Returning clients answered from memory.
    pub resumes_ring: Counter,
    /// Returning clients for which the history was read.
    pub resumes_log: Counter,
    /// Returning clients that got the newest page instead of what they missed.
    pub resumes_failed: Counter,
    /// Sessions ended, by close code.
    pub closes: Family<Code, Counter>,
    /// Upgrades refused because of their origin, the address's count, or because the node leaves.
    pub upgrades_refused: Counter,
    /// Sessions open now.
    pub sessions: Gauge,
    /// Rooms served now.
    pub rooms: Gauge,
    /// Bytes that wait in all outboxes.
    pub outbox_bytes: Gauge,
    /// Bytes of recent entries in memory.
    pub ring_bytes: Gauge,
    /// Events dropped by full lanes.
    pub lane_drops: Gauge,
    /// The last round trip through the broker, in microseconds.
    pub probe_us: Gauge,
    /// Whether the node is ready (1) or not (0).
    pub ready: Gauge,
}

/// A close code as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Code {
    code: u32,
}

impl Metrics {
    /// Counts the end of a session.
    pub fn closed(&self, reason: CloseReason) {
        self.closes.get_or_create(&Code { code: reason.code().into() }).inc();
    }

    /// All instruments as `OpenMetrics` text.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("hubbub");
        let r = &mut registry;
        r.register("deliveries", "Frames handed to outboxes", self.deliveries.clone());
        r.register("acks", "Messages accepted and stored through this node", self.acks.clone());
        r.register("refusals", "Commands refused", self.refusals.clone());
        r.register(
            "duplicates",
            "Entries that arrived a second time and were left out",
            self.duplicates.clone(),
        );
        r.register("repairs", "Holes read from the history", self.repairs.clone());
        r.register("tails_lost", "Times a history was found without its tail", self.tails_lost.clone());
        r.register("lane_gaps", "Rooms of which a full lane dropped entries", self.lane_gaps.clone());
        r.register("generations", "Times the bus was interrupted and whole again", self.generations.clone());
        r.register("resumes_ring", "Returning clients answered from memory", self.resumes_ring.clone());
        r.register(
            "resumes_log",
            "Returning clients for which the history was read",
            self.resumes_log.clone(),
        );
        r.register(
            "resumes_failed",
            "Returning clients that got the newest page instead",
            self.resumes_failed.clone(),
        );
        r.register("closes", "Sessions ended, by close code", self.closes.clone());
        r.register("upgrades_refused", "Upgrades refused", self.upgrades_refused.clone());
        r.register("sessions", "Sessions open now", self.sessions.clone());
        r.register("rooms", "Rooms served now", self.rooms.clone());
        r.register("outbox_bytes", "Bytes that wait in all outboxes", self.outbox_bytes.clone());
        r.register("ring_bytes", "Bytes of recent entries in memory", self.ring_bytes.clone());
        r.register("lane_drops", "Events dropped by full lanes since the start", self.lane_drops.clone());
        r.register("probe_us", "Last round trip through the broker, in microseconds", self.probe_us.clone());
        r.register("ready", "Whether the node is ready", self.ready.clone());
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}
