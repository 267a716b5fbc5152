//! Which room is on the screen, and which part of its history.

use leptos::prelude::*;
use shared::{
    command::{self, Command, PageAnchor},
    limits,
    text::Room,
};

use super::{
    room_state::put_arc,
    saved::{self, SavedRoom},
    store::{PendingRequest, Store},
};
use crate::route;

impl Store {
    /// Puts a room on the screen, joining it if need be.
    pub(super) fn show(&mut self, room: Option<&Room>) {
        self.unvisit();
        self.current = room.cloned();
        if let Some(room) = room {
            let joined = self.platform.now_ms();
            self.add_room(room, SavedRoom { joined, ..SavedRoom::default() });
            self.visit(room);
            let entered = self.rooms.get(room).is_some_and(|state| state.signals.loaded.get_untracked());
            if entered {
                self.fill();
            } else {
                self.join(room);
            }
        }
        let open = self.current_room().map(|state| state.signals.clone());
        self.signals.current.set(open);
    }

    /// Leaves a room; the next one in the list takes its place on the screen.
    pub(super) fn leave(&mut self, room: &Room) {
        let Some(index) = self.order.iter().position(|other| other == room) else { return };
        if self.current.as_ref() == Some(room) {
            let next = self
                .order
                .get(index + 1)
                .or_else(|| index.checked_sub(1).and_then(|index| self.order.get(index)));
            let next = next.cloned();
            let address = next.as_ref().map_or_else(|| "/".to_owned(), route::path);
            self.platform.show_address(&address, true);
            self.show(next.as_ref());
        }
        self.rooms.remove(room);
        self.order.retain(|other| other != room);
        saved::drop_room(&*self.platform, room);
        self.outbox.cut(Some(room));
        self.ask(PendingRequest::Leave, Command::Leave(command::Leave { room: room.clone() }));
        self.show_rooms();
    }

    /// Requests older messages of the open room.
    pub(super) fn load_older(&mut self) {
        let Some(state) = self.current_room() else { return };
        if !state.timeline.has_older() || state.signals.loading_older.get_untracked() {
            return;
        }
        let room = state.signals.room().clone();
        let (asked, anchor, limit) = match (state.timeline.oldest(), state.timeline.head()) {
            (Some(anchor), _) => {
                let anchor = anchor.clone();
                (
                    PendingRequest::Older { room: room.clone(), anchor: anchor.clone() },
                    PageAnchor::Before(anchor),
                    None,
                )
            }
            // Nothing is shown of a room that has a history: the newest page, which ends at the head.
            (None, Some(head)) => {
                let limit = u64::try_from(limits::PAGE_MAX).ok();
                (PendingRequest::Around(room.clone()), PageAnchor::Around(head.clone()), limit)
            }
            (None, None) => return,
        };
        let asked = self.ask(asked, Command::History(command::History { room, anchor, limit }));
        self.current_room().inspect(|state| put_arc(&state.signals.loading_older, asked));
    }

    /// Requests a page for an open room that has little to show.
    pub(super) fn fill(&mut self) {
        if self.current_room().is_some_and(|state| state.timeline.len() < limits::PAGE / 2) {
            self.load_older();
        }
    }
}
