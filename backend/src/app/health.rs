//! What the log says of the broker's health.

use std::time::Duration;

use crate::{
    broker::{Broker, Health},
    identity::Identity,
};

/// For the first answer of the broker.
const SETTLE: Duration = Duration::from_secs(1);

/// Says in the log what the readiness answer says, and keeps one secret in use after the broker lost its state.
pub(super) async fn watch_health(broker: Broker, identity: Identity) {
    let mut watch = broker.core.health();
    // A broker that is there answers at once; only one that is not is worth a line.
    let settled = tokio::time::timeout(SETTLE, watch.wait_for(|health| health.ready)).await.is_ok();
    let mut before = Health { ready: !settled, ..Health::down("starting") };
    loop {
        let now = watch.borrow_and_update().clone();
        if now.ready != before.ready {
            if now.ready {
                tracing::info!("ready; an ack means: {}", now.durability);
            } else {
                tracing::warn!(
                    "not ready: {}",
                    now.reason.as_deref().unwrap_or("the broker does not answer")
                );
            }
        }
        if now.generation != before.generation
            && let Err(error) = identity.reconcile().await
        {
            tracing::warn!("could not compare the secret with the broker's: {error}");
        }
        before = now;
        if watch.changed().await.is_err() {
            return;
        }
    }
}
