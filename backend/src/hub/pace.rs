//! When what was read of a hole is delivered: not before the members have read most of what they have.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    live::{Live, WAITING},
    room::RoomCell,
};

/// For the members of a room to read what waits.
const READERS: Duration = Duration::from_secs(1);

/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(5);

/// What may wait for a member when more is delivered. With twice [`WAITING`], the most that one turn delivers, it
/// stays below an outbox.
const CALM: usize = WAITING / 4;

/// The turns of all rooms of a node. A member of many rooms that are repaired at once has one outbox for all of them:
/// so one room at a time looks whether there is space and takes it.
#[derive(Debug, Default)]
pub struct Pace(Mutex<()>);

impl Pace {
    /// Delivers when no member of the room has much to read. Who reads well must not be closed as slow because holes
    /// were large; who does not read is waited for only so long.
    pub async fn turn<T>(&self, cell: &RoomCell, deliver: impl FnOnce(&mut Live) -> T) -> T {
        let deadline = Instant::now() + READERS;
        loop {
            {
                let _turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let mut live = cell.live();
                if live.most_waiting() <= CALM || Instant::now() >= deadline {
                    return deliver(&mut live);
                }
            }
            sleep(LOOK).await;
        }
    }
}
