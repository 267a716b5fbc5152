//! Asking everybody to move, spread over time so that the other nodes are not overrun.

use std::time::Duration;

use shared::{
    close::CloseReason,
    event::{Event, Move, ServerFrame},
};

use super::sessions::Sessions;
use crate::{clock, peer::Dialect};

/// What one session adds to the window over which they are spread.
const PER_SESSION: Duration = Duration::from_millis(2);

/// What a v1 client gets beyond its own delay before the node closes.
const GRACE: Duration = Duration::from_millis(500);

/// How often it is looked whether everybody has left.
const LOOK: Duration = Duration::from_millis(20);

/// Tells every session when to move, closes each when its time has come, and returns when all are gone.
pub async fn drain(sessions: &Sessions, deadline: Duration) {
    let all = sessions.all();
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX).max(1);
    let window = PER_SESSION.saturating_mul(count).min(deadline.mul_f64(0.6));
    let start = tokio::time::Instant::now();
    let mut closing = Vec::with_capacity(all.len());
    for (number, handle) in all.into_iter().enumerate() {
        let delay = window.mul_f64(f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / f64::from(count));
        let grace = match handle.dialect {
            Dialect::V1 => {
                let after_ms = clock::millis(delay);
                handle.outbox.push(ServerFrame::Event(Event::Move(Move { after_ms })).encode().into());
                GRACE.min(deadline.mul_f64(0.2))
            }
            Dialect::Classic => Duration::ZERO,
        };
        closing.push((delay + grace, handle));
    }
    closing.sort_by_key(|(delay, _)| *delay);
    for (delay, handle) in closing {
        tokio::time::sleep_until(start + delay).await;
        handle.outbox.end(CloseReason::Restart);
    }
    while sessions.count() > 0 {
        tokio::time::sleep(LOOK).await;
    }
}
