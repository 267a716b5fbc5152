//! The state of one joined room, behind its signals.

use leptos::prelude::*;
use shared::text::UserId;

use super::{
    room_signals::{RoomHandle, RowHandle},
    saved::SavedRoom,
    timeline::Timeline,
};
use crate::time::Day;

/// One joined room.
#[derive(Debug)]
pub(super) struct RoomState {
    pub(super) signals: RoomHandle,
    pub(super) timeline: Timeline,
    pub(super) saved: SavedRoom,
    /// The answer to a join is on its way.
    pub(super) joining: bool,
    /// When to join again after a temporary refusal, on the steady clock.
    pub(super) join_again: Option<u64>,
    /// Since when this page saw every message of the room, on the wall clock.
    pub(super) seen_since: Option<u64>,
    /// The rows must be drawn again.
    pub(super) dirty: bool,
    /// `saved` must be written to the storage.
    pub(super) unsaved: bool,
}

impl RoomState {
    /// A room of which only the saved part is known.
    pub(super) fn new(signals: RoomHandle, saved: SavedRoom) -> Self {
        Self {
            signals,
            timeline: Timeline::default(),
            saved,
            joining: false,
            join_again: None,
            seen_since: None,
            dirty: true,
            unsaved: true,
        }
    }

    /// Changes the signals of this room where they differ from the timeline.
    pub(super) fn draw(&mut self, me: Option<&UserId>, day_of: impl Fn(u64) -> Day) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        let rows = self.timeline.rows(me, day_of);
        let before = self.signals.rows.get_untracked();
        let same_keys = before.len() == rows.len()
            && before.iter().zip(&rows).all(|(handle, (key, _))| handle.key == *key);
        let mut handles = Vec::with_capacity(rows.len());
        // Rows keep their order, so that each is looked for from the one before on, and mostly found at once.
        let mut at = 0;
        for (key, row) in rows {
            let found = before[at..].iter().position(|handle| handle.key == key);
            let signal = match found {
                Some(further) => {
                    let signal = before[at + further].row.clone();
                    at += further + 1;
                    put_arc(&signal, row);
                    signal
                }
                None => ArcRwSignal::new(row),
            };
            handles.push(RowHandle { key, row: signal });
        }
        put_arc(&self.signals.has_older, self.timeline.has_older());
        put_arc(&self.signals.has_newer, self.timeline.has_newer());
        if !same_keys {
            self.signals.rows.set(handles);
        }
    }
}

/// Sets a signal only if that changes its value, so that no effect runs without need.
pub(super) fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|before| *before != value) {
        signal.set(value);
    }
}

/// Like [`put`].
pub(super) fn put_arc<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|before| *before != value) {
        signal.set(value);
    }
}
