//! What the node counts, in Prometheus text at `/metrics`. The help texts are the documentation.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use shared::close::CloseReason;

/// The instruments, each said once: its name, its kind, its help text.
macro_rules! instruments {
    ($($name:ident: $kind:ty = $help:literal;)*) => {
        /// All instruments of a node.
        #[derive(Debug)]
        pub struct Metrics {
            $(#[doc = $help] pub $name: $kind,)*
            registry: Registry,
        }

        impl Default for Metrics {
            fn default() -> Self {
                let mut registry = Registry::with_prefix("hubbub");
                $(
                    let $name = <$kind>::default();
                    registry.register(stringify!($name), $help, $name.clone());
                )*
                Self { $($name,)* registry }
            }
        }
    };
}

instruments! {
    deliveries: Counter = "Frames handed to outboxes";
    acks: Counter = "Messages accepted and stored through this node";
    refusals: Counter = "Commands that were refused";
    duplicates: Counter = "Entries that arrived a second time and were left out";
    repairs: Counter = "Holes read from the history";
    tails_lost: Counter = "Times a history was found without its tail";
    lane_gaps: Counter = "Rooms of which a full lane dropped entries";
    generations: Counter = "Reconnects: times the bus was interrupted and whole again";
    resumes_ring: Counter = "Returning clients answered from memory";
    resumes_log: Counter = "Returning clients for which the history was read";
    resumes_failed: Counter = "Returning clients that got the newest page instead of what they missed";
    closes: Family<Code, Counter> = "Sessions ended, by close code";
    upgrades_refused: Counter =
        "Upgrades refused because of their origin, the address's count, or because the node leaves";
    sessions: Gauge = "Sessions open now";
    rooms: Gauge = "Rooms served now";
    outbox_bytes: Gauge = "Bytes that wait in all outboxes";
    ring_bytes: Gauge = "Bytes of recent entries in memory";
    lane_drops: Gauge = "Events dropped by full lanes since the start";
    probe_us: Gauge = "The last round trip through the broker, in microseconds";
    ready: Gauge = "Whether the node is ready (1) or not (0)";
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
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered_once_with_its_help() {
        let metrics = Metrics::default();
        metrics.generations.inc();
        metrics.lane_drops.set(3);
        metrics.closed(CloseReason::Slow);
        metrics.closed(CloseReason::Slow);
        for _ in 0..2 {
            let text = metrics.render().unwrap();
            let line = |wanted: &str| text.lines().filter(|line| *line == wanted).count();
            for wanted in [
                "hubbub_generations_total 1",
                "hubbub_lane_drops 3",
                "hubbub_closes_total{code=\"3008\"} 2",
                "hubbub_deliveries_total 0",
                "# HELP hubbub_generations Reconnects: times the bus was interrupted and whole again.",
                "# TYPE hubbub_sessions gauge",
            ] {
                assert_eq!(line(wanted), 1, "{wanted} in {text}");
            }
        }
    }
}
