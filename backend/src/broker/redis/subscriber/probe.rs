//! What goes round: a script that writes and publishes, and has to come back on the subscriber connection.
//!
//! A TCP connection, a PING and a plain PUBLISH all look well on a server that was demoted or does not deliver.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ::redis::Pipeline;
use tokio::{sync::watch, time::timeout};

use crate::broker::{
    Health,
    redis::{failure::Failure, keys::Keys, link::Link, payload, scripts::PROBE},
};

/// For one round.
const DEADLINE: Duration = Duration::from_secs(3);

/// Rounds between two looks at Redis's settings.
const LOOK: u32 = 5;

/// This node's probe.
#[derive(Debug)]
pub(in super::super) struct Probe {
    lease: String,
    channel: String,
    interval: Duration,
    /// So many of them an ack waits for.
    replicas: Option<u32>,
    sent: AtomicU64,
    back: watch::Sender<u64>,
}

/// How Redis is set up.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// Why it must not be used.
    pub(super) forbidden: Option<String>,
    /// See [`Health::durability`].
    durability: Arc<str>,
}

impl Probe {
    pub(in super::super) fn new(keys: &Keys, node: &str, interval: Duration, replicas: Option<u32>) -> Self {
        Self {
            lease: keys.lease(node),
            channel: keys.node(node),
            interval,
            replicas,
            sent: AtomicU64::new(0),
            back: watch::Sender::new(0),
        }
    }

    /// The node's own channel.
    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    /// A probe was received.
    pub(super) fn came_back(&self, number: u64) {
        self.back.send_replace(number);
    }

    /// Sends a probe round, which renews the lease; gives the time it took and whether the lease still ran.
    pub(super) async fn send(&self, link: &Link) -> Result<(Duration, bool), Failure> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let started = Instant::now();
        let round = async {
            let lease = (self.interval + DEADLINE).saturating_mul(2).as_millis().to_string();
            let payload = payload::probe(number);
            let keys = [self.lease.clone(), self.channel.clone()];
            let ran: u64 = link.script(&PROBE, &keys, &[lease.as_bytes(), payload.as_bytes()]).await?;
            let mut back = self.back.subscribe();
            // Cannot fail: the sender is a field of this.
            let _back = back.wait_for(|back| *back >= number).await.is_ok();
            Ok((started.elapsed(), ran > 0))
        };
        timeout(DEADLINE, round).await.unwrap_or_else(|_| {
            Err(Failure::Broken("a probe did not come back through Redis in time".to_owned()))
        })
    }

    /// Probes for ever; ends when one does not come back, or when the server is found to be none to `confirm`.
    pub(super) async fn keep<C: Future<Output = Result<(), Failure>>>(
        &self,
        link: &Link,
        health: &watch::Sender<Health>,
        setup: Setup,
        confirm: impl Fn() -> C,
    ) -> Failure {
        let mut round = 0u32;
        let mut setup = setup;
        loop {
            tokio::time::sleep(self.interval).await;
            round = round.wrapping_add(1);
            let result = async {
                confirm().await?;
                // What forbids serving is looked at each time, so that it ends soon after it was put right.
                if setup.forbidden.is_some() || round.is_multiple_of(LOOK) {
                    let now = self.look(link).await?;
                    if now.forbidden != setup.forbidden {
                        tracing::warn!(
                            reason = now.forbidden.as_deref().unwrap_or("all is well again"),
                            "the settings of Redis changed"
                        );
                    }
                    setup = now;
                }
                self.send(link).await
            };
            match result.await {
                Ok((round_trip, ran)) => {
                    // Others took this node for dead: what they took away has to be said again, and who could not
                    // renew a lease may well have missed something.
                    let generation = health.borrow().generation + u64::from(!ran);
                    report(health, round_trip, &setup, generation);
                }
                Err(failure) => return failure,
            }
        }
    }

    /// Reads how Redis is set up.
    pub(super) async fn look(&self, link: &Link) -> Result<Setup, Failure> {
        let mut ask = Pipeline::new();
        ask.cmd("INFO").arg("memory").cmd("INFO").arg("replication").cmd("CONFIG").arg("GET").arg("append*");
        let mut answers = link.pipeline(ask).await?.into_iter();
        let mut text = || {
            let answer = answers.next().and_then(|answer| ::redis::from_redis_value::<String>(answer).ok());
            answer.unwrap_or_default()
        };
        let (memory, replication) = (text(), text());
        // Providers that forbid CONFIG leave the durability unknown.
        let config = answers.next().and_then(|answer| ::redis::from_redis_value::<Vec<String>>(answer).ok());
        Ok(Setup {
            forbidden: evicts(&memory).or_else(|| lacks(&replication, self.replicas?)),
            durability: durability(&config.unwrap_or_default(), self.replicas).into(),
        })
    }
}

/// Why a Redis with this `INFO memory` must not be used.
fn evicts(memory: &str) -> Option<String> {
    let policy = memory.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"))?;
    (policy != "noeviction").then(|| {
        format!("Redis may evict what must be kept: set maxmemory-policy to noeviction (it is {policy})")
    })
}

/// Why nothing can be acknowledged with this `INFO replication`.
fn lacks(replication: &str, wanted: u32) -> Option<String> {
    let online = |line: &&str| line.starts_with("slave") && line.contains("state=online");
    let have = replication.lines().filter(online).count();
    (have < wanted as usize).then(|| {
        format!("an acknowledgement waits for {wanted} replicas of Redis (--redis-wait-replicas), of which {have} are there")
    })
}

/// Says how it is.
pub(super) fn report(health: &watch::Sender<Health>, round_trip: Duration, setup: &Setup, generation: u64) {
    health.send_replace(Health {
        ready: setup.forbidden.is_none(),
        generation,
        reason: setup.forbidden.clone(),
        durability: Arc::clone(&setup.durability),
        round_trip: Some(round_trip),
        probed: Some(Instant::now()),
    });
}

fn durability(config: &[String], replicas: Option<u32>) -> String {
    let value = |name: &str| config.chunks(2).find(|pair| pair[0] == name).and_then(|pair| pair.get(1));
    let copies = match replicas {
        None => String::new(),
        Some(1) => ", and in the memory of a replica".to_owned(),
        Some(count) => format!(", and in the memory of {count} replicas"),
    };
    match (value("appendonly").map(String::as_str), value("appendfsync").map(String::as_str)) {
        (Some("yes"), Some("always")) => format!("an acknowledged message is on Redis's disk{copies}"),
        (Some("yes"), Some("everysec")) => {
            format!(
                "an acknowledged message is in Redis's memory{copies}, and on its disk within about a second"
            )
        }
        (Some("yes"), _) => {
            format!(
                "an acknowledged message is in Redis's memory{copies}, and on its disk when its system writes it"
            )
        }
        (Some(_), _) if replicas.is_some() => format!("an acknowledged message is in Redis's memory{copies}"),
        (Some(_), _) => {
            "an acknowledged message is in Redis's memory only: it is lost if Redis restarts".to_owned()
        }
        (None, _) => {
            format!("an acknowledged message is in Redis{copies}, which does not tell how it keeps it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_durability_is_what_redis_is_set_up_for() {
        for (config, replicas, word) in [
            (&["appendonly", "yes", "appendfsync", "always"][..], None, "is on Redis's disk"),
            (&["appendfsync", "everysec", "appendonly", "yes"], None, "within about a second"),
            (&["appendonly", "no", "appendfsync", "everysec"], None, "memory only"),
            (&["appendonly", "yes", "appendfsync", "no"], None, "when its system"),
            (&[], None, "does not tell"),
            (
                &["appendonly", "yes", "appendfsync", "always"],
                Some(1),
                "disk, and in the memory of a replica",
            ),
            (&["appendonly", "no", "appendfsync", "no"], Some(2), "memory, and in the memory of 2 replicas"),
        ] {
            let config: Vec<_> = config.iter().map(|word| (*word).to_owned()).collect();
            assert!(durability(&config, replicas).contains(word), "{config:?}");
        }
    }

    #[test]
    fn replicas_that_are_still_being_filled_do_not_count() {
        let info = "role:master\r\nconnected_slaves:2\r\n\
            slave0:ip=127.0.0.1,port=1,state=online,offset=5,lag=0\r\n\
            slave1:ip=127.0.0.1,port=2,state=wait_bgsave,offset=0,lag=0\r\n";
        assert_eq!(lacks(info, 1), None);
        assert!(lacks(info, 2).is_some_and(|why| why.contains("2 replicas") && why.contains("1 are there")));
    }
}
