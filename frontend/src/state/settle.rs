//! What follows every change: sends what may be sent, saves, draws, and schedules the next deadline.

use leptos::prelude::*;
use shared::{
    command::{self, Command},
    text::Room,
};

use super::{
    room_state::put,
    saved,
    store::{PendingRequest, Store},
};
use crate::{markup::visible, net::machine::Status, time::Day};

/// How long a change of what is saved may wait for further changes.
const SAVE_AFTER_MS: u64 = 500;

impl Store {
    /// Sends what may be sent. It saves each try before it sends it: after a crash the message counts as tried.
    fn pump(&mut self) {
        if self.status != Status::Live {
            return;
        }
        let Some(user) = self.user().cloned() else { return };
        let rooms = &self.rooms;
        let head = |room: &Room| rooms.get(room).and_then(|state| state.timeline.head()).cloned();
        let due = self.outbox.due(&user, self.platform.now_ms(), head);
        if due.is_empty() {
            return;
        }
        self.outbox_changed = true;
        self.save_outbox();
        for entry in due {
            let (room, nonce) = (entry.room, entry.nonce);
            let command =
                Command::Send(command::Send { room: room.clone(), nonce: nonce.clone(), body: entry.body });
            self.ask(PendingRequest::Send(nonce), command);
            self.mirror(&room);
        }
    }

    pub(super) fn save_outbox(&mut self) {
        if let Some(key) = &self.outbox_key
            && std::mem::take(&mut self.outbox_changed)
        {
            self.platform.set(key, self.outbox.save().as_deref());
        }
    }

    /// Saves what changed.
    pub(super) fn save(&mut self) {
        self.save_at = None;
        for (room, state) in &mut self.rooms {
            if std::mem::take(&mut state.unsaved) {
                state.saved.head = state.timeline.head().or(state.saved.head.as_ref()).cloned();
                state.saved.unread = state.signals.unread.get_untracked();
                saved::save_room(&*self.platform, room, &state.saved);
            }
        }
        if std::mem::take(&mut self.draft_changed)
            && let Some(state) = self.current.as_ref().and_then(|room| self.rooms.get(room))
        {
            saved::save_draft(&*self.platform, state.signals.room(), &state.signals.draft.get_untracked());
        }
    }

    /// Brings everything up to date after a change.
    pub(super) fn settle(&mut self) {
        self.pump();
        self.save_outbox();
        put(self.signals.waiting, self.outbox.waiting());
        self.attend();
        let user = self.me.as_ref().and_then(|me| me.user.clone());
        let platform = &self.platform;
        let day_of = |at| Day::of(at, platform.utc_offset_minutes(at));
        for state in self.rooms.values_mut() {
            state.draw(user.as_ref(), day_of);
        }
        self.show_title();
        let now = self.platform.steady_ms();
        self.show_banner(now);
        if self.draft_changed || self.rooms.values().any(|state| state.unsaved) {
            self.save_at.get_or_insert(now + SAVE_AFTER_MS);
        }
        self.platform.wake_at(self.next_due(now));
    }

    fn next_due(&self, now: u64) -> Option<u64> {
        let wall = self.platform.now_ms();
        // From the wall clock to the steady one.
        let steady = |at: u64| now + at.saturating_sub(wall);
        // Often enough that day lines change soon after midnight, in every time zone.
        let next_minute = wall - wall % 60_000 + 60_000;
        let due = [
            self.save_at,
            self.read_due(),
            self.announcer.due(),
            self.watch.next_change(now),
            self.outbox.next_due(wall).filter(|_| self.status == Status::Live).map(steady),
            self.asked.values().map(|(_, deadline)| *deadline).min(),
            self.rooms.values().filter_map(|state| state.join_again).min(),
            Some(steady(next_minute)),
        ];
        due.into_iter().flatten().min()
    }

    fn day_of(&self, at: u64) -> Day {
        Day::of(at, self.platform.utc_offset_minutes(at))
    }

    /// Runs what is due now.
    pub(super) fn tick(&mut self) {
        let now = self.platform.steady_ms();
        put(self.signals.today, self.day_of(self.platform.now_ms()));
        if self.save_at.is_some_and(|at| now >= at) {
            self.save();
        }
        if let Some(room) = self.current.clone()
            && let Some(text) = self.announcer.flush(&visible(room.as_str()), now)
        {
            self.announce(&text);
        }
        let late: Vec<u64> =
            self.asked.iter().filter(|(_, (_, deadline))| now >= *deadline).map(|(id, _)| *id).collect();
        for id in late {
            if let Some((asked, _)) = self.asked.remove(&id) {
                self.unanswered(asked);
            }
        }
        let again: Vec<Room> = self
            .rooms
            .iter()
            .filter(|(_, state)| state.join_again.is_some_and(|at| now >= at))
            .map(|(room, _)| room.clone())
            .collect();
        for room in again {
            self.join(&room);
        }
    }
}
