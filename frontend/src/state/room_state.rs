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

    /// Brings the signals of this room up to date with the timeline. Returns how many rows it built: only those that
    /// are new or differ.
    pub(super) fn draw(&mut self, me: Option<&UserId>, day_of: impl Fn(u64) -> Day) -> usize {
        if !std::mem::take(&mut self.dirty) {
            return 0;
        }
        let outlines = self.timeline.outlines(me, day_of);
        let before = self.signals.rows.get_untracked();
        let same_keys = before.len() == outlines.len()
            && before.iter().zip(&outlines).all(|(handle, outline)| handle.key == outline.key);
        let mut handles = Vec::with_capacity(outlines.len());
        let mut built = 0;
        // Rows keep their order, so the search starts behind the row found before and mostly ends at once.
        let mut at = 0;
        for outline in outlines {
            let found = before[at..].iter().position(|handle| handle.key == outline.key);
            let row = if let Some(further) = found {
                let row = before[at + further].row.clone();
                at += further + 1;
                if row.with_untracked(|row| !outline.is(row)) {
                    built += 1;
                    row.set(outline.build());
                }
                row
            } else {
                built += 1;
                ArcRwSignal::new(outline.build())
            };
            handles.push(RowHandle { key: outline.key, row });
        }
        put_arc(&self.signals.has_older, self.timeline.has_older());
        put_arc(&self.signals.has_newer, self.timeline.has_newer());
        if !same_keys {
            self.signals.rows.set(handles);
        }
        built
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shared::{
        entry::Message,
        event::Joined,
        person::{Sender, SenderKind},
        text::{Body, Name, Nonce, Position, Room},
    };

    use super::*;
    use crate::state::{
        room_signals::RoomSignals,
        timeline::rows::{Delivery, Row},
    };

    fn at(n: u64) -> Position {
        Position::parse(&n.to_string()).unwrap()
    }

    fn sender(name: &str) -> Sender {
        let id = UserId::parse(&format!("u_{name}")).unwrap();
        Sender { id, name: Name::parse(name).unwrap(), kind: SenderKind::Guest }
    }

    /// The `n`th message, of bo.
    fn message(n: u64) -> Message {
        Message {
            position: at(n),
            prev: at(n - 1),
            n,
            at: n,
            sender: sender("bo"),
            nonce: Nonce::parse(&n.to_string()).unwrap(),
            body: Body::parse("text").unwrap(),
        }
    }

    /// A room with as many messages as a log shows at most.
    fn full() -> RoomState {
        let room = Room::parse("r").unwrap();
        let mut state = RoomState::new(Arc::new(RoomSignals::new(room.clone())), SavedRoom::default());
        let joined = Joined {
            room,
            position: at(320),
            recovered: false,
            older: false,
            entries: (1..=320).map(message).collect::<Vec<_>>().into(),
            here: 1,
            people: Vec::new(),
        };
        state.timeline.set_at_end(true);
        state.timeline.joined(joined, None);
        state
    }

    fn draw(state: &mut RoomState) -> usize {
        state.dirty = true;
        state.draw(None, |at| Day::of(at, 0))
    }

    #[test]
    fn only_rows_that_change_are_built() {
        let owner = Owner::new_root(None);
        owner.set();
        let mut state = full();
        assert_eq!(draw(&mut state), 321, "all messages and the line of the day");
        assert_eq!(draw(&mut state), 0, "nothing changed");

        let before = state.signals.rows.get_untracked();
        state.timeline.arrived(message(321).into(), None, true);
        assert_eq!(
            draw(&mut state),
            2,
            "the new message, and the first one left, which continues no group now"
        );
        let after = state.signals.rows.get_untracked();
        assert_eq!(after.len(), 301);
        let kept = after.iter().filter(|row| before.iter().any(|old| old.key == row.key)).count();
        assert_eq!(kept, 300);
    }

    #[test]
    fn an_own_message_is_two_rows_from_writing_to_stored() {
        let owner = Owner::new_root(None);
        owner.set();
        let mut state = full();
        draw(&mut state);
        let nonce = Nonce::parse("own").unwrap();
        let body = Body::parse("mine").unwrap();
        state.timeline.write(nonce.clone(), body, 400, sender("ana"), Delivery::Sending);
        assert_eq!(draw(&mut state), 1);
        state.timeline.stored(&nonce, at(321));
        assert_eq!(draw(&mut state), 1);
    }

    #[test]
    fn a_namesake_marks_the_rows_of_both() {
        let owner = Owner::new_root(None);
        owner.set();
        let mut state = full();
        draw(&mut state);
        let mut other = message(321);
        other.sender = Sender { name: Name::parse("B0").unwrap(), ..sender("other") };
        state.timeline.arrived(other.into(), None, true);
        draw(&mut state);
        let rows = state.signals.rows.get_untracked();
        let is_marked = |row: &Row| matches!(row, Row::Message(message) if message.mark.is_some());
        let marked = rows.iter().filter(|handle| handle.row.with_untracked(is_marked));
        assert_eq!(marked.count(), 300);
    }
}
