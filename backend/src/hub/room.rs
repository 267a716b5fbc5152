//! A room of this node: what happens in it at once, and the gate that serialises taking it and giving it up.

use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::text::Room;
use tokio::sync::watch;

use super::live::Live;

/// One room.
#[derive(Debug)]
pub struct RoomCell {
    room: Room,
    /// Held across the broker's answer, and it must be: the first member's subscription and the last member's
    /// farewell are one room's two transitions, and a second one may start only when the first has ended.
    /// Nothing else is ever waited for under it, and no other lock is taken before it.
    pub gate: tokio::sync::Mutex<Gate>,
    live: Mutex<Live>,
    repairing: watch::Sender<bool>,
}

/// Whether the broker delivers the room to this node.
#[derive(Debug, Default)]
pub struct Gate {
    /// The room is taken and opened.
    pub taken: bool,
    /// The room was given up and removed; whoever still holds it looks it up again.
    pub gone: bool,
    /// A task watches the empty room and gives it up.
    pub lingering: bool,
}

impl RoomCell {
    /// A room that nobody has taken yet.
    pub fn new(room: Room) -> Self {
        Self {
            live: Mutex::new(Live::new(room.clone())),
            gate: tokio::sync::Mutex::default(),
            repairing: watch::Sender::new(false),
            room,
        }
    }

    /// Its name.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// What happens in it. Never held across a wait.
    pub fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the room as being repaired; false when it was already.
    pub fn start_repair(&self) -> bool {
        self.repairing.send_if_modified(|repairing| !std::mem::replace(repairing, true))
    }

    /// The repair has ended.
    pub fn finish_repair(&self) {
        self.repairing.send_replace(false);
    }

    /// Resolves when no repair is under way.
    pub async fn repaired(&self) {
        let ended = self.repairing.subscribe().wait_for(|repairing| !repairing).await.is_ok();
        debug_assert!(ended, "the sender lives as long as the room");
    }
}
