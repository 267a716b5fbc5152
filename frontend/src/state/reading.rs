//! Read state: unread counts, the "New since" line, the pill.

use leptos::prelude::*;
use shared::{
    entry::{Entry, Message},
    event::Happened,
    table::Flat,
    text::Room,
};

use super::{room_state::put_arc, store::Store, timeline::Arrival};
use crate::markup::visible;

/// How long a person looks at the end of a room before it counts as read. Milliseconds.
const READ_MS: u64 = 1500;

impl Store {
    /// Takes the entry of an event.
    pub(super) fn arrived(&mut self, happened: Happened) {
        let Happened { room, entry: Flat(entry) } = happened;
        match entry.message() {
            Some(message) => self.message_arrived(&room, entry, &message),
            None => self.place_arrived(&room, entry),
        }
    }

    /// Takes an entry without a row of its own: it moves the end of the room.
    fn place_arrived(&mut self, room: &Room, entry: Entry) {
        let user = self.user().cloned();
        let Some(state) = self.rooms.get_mut(room) else { return };
        match state.timeline.arrived(entry, user.as_ref(), false) {
            Arrival::Known => {}
            Arrival::Gap => self.join(room),
            Arrival::New => self.touch(room),
        }
    }

    fn message_arrived(&mut self, room: &Room, entry: Entry, message: &Message) {
        let user = self.user().cloned();
        if self.outbox.strike_seen(message, user.as_ref()) {
            self.outbox_changed = true;
        }
        let open = self.current.as_ref() == Some(room);
        let now = self.platform.steady_ms();
        let read_already = open && self.looking_since.is_some_and(|since| now >= since + READ_MS);
        let watched = self.platform.is_watched();
        let Some(state) = self.rooms.get_mut(room) else { return };
        let position = message.position.clone();
        let own = user.as_ref() == Some(&message.sender.id);
        let heard = (visible(message.sender.name.as_str()), message.body.clone());
        let nonce = message.nonce.clone();
        match state.timeline.arrived(entry, user.as_ref(), open) {
            Arrival::Known => return,
            Arrival::Gap => return self.join(room),
            Arrival::New => {}
        }
        if own {
            state.timeline.forget(&nonce);
            state.saved.read = Some(position);
            put_arc(&state.signals.unread, 0);
        } else if read_already {
            state.saved.read = Some(position);
        } else {
            state.signals.unread.update(|unread| *unread += 1);
            if open && !watched {
                // The person looked until now, so only messages from here on are new.
                let read = state.saved.read.clone();
                state.timeline.mark_since(read.as_ref(), user.as_ref());
            }
            // At the end of the log the message comes into view by itself.
            if open && !state.timeline.is_at_end() {
                state.signals.below.update(|below| *below += 1);
            }
        }
        if open
            && !own
            && let Some(text) = self.announcer.message(&heard.0, heard.1.as_str(), now)
        {
            self.announce(&text);
        }
        self.touch(room);
    }

    /// Notes since when the person looks at the end of the open room.
    pub(super) fn attend(&mut self) {
        let now = self.platform.steady_ms();
        let watched = self.platform.is_watched();
        let looking = watched && self.current_room().is_some_and(|state| state.timeline.is_at_end());
        if !looking {
            self.looking_since = None;
        } else if self.looking_since.is_none() {
            self.looking_since = Some(now);
        }
        if self.looking_since.is_some_and(|since| now >= since + READ_MS) {
            self.read_now();
        }
    }

    /// When the open room counts as read.
    pub(super) fn read_due(&self) -> Option<u64> {
        let unread =
            self.current.as_ref().and_then(|room| self.rooms.get(room))?.signals.unread.get_untracked();
        self.looking_since.filter(|_| unread > 0).map(|since| since + READ_MS)
    }

    /// Marks the open room as read up to its newest message.
    pub(super) fn read_now(&mut self) {
        let Some(room) = self.current.clone() else { return };
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let head = state.timeline.head().cloned();
        if state.signals.unread.get_untracked() > 0 || state.saved.read != head {
            state.saved.read = head;
            put_arc(&state.signals.unread, 0);
            state.unsaved = true;
        }
    }

    /// The view reports whether the reader sees the end of the open room.
    pub(super) fn at_end(&mut self, at_end: bool) {
        let Some(state) = self.current_room() else { return };
        state.timeline.set_at_end(at_end);
        if state.timeline.is_at_end() {
            put_arc(&state.signals.below, 0);
        }
        self.looking_since = self.looking_since.filter(|_| at_end);
    }

    /// A room comes on the screen: puts the "New since" line above its unread messages.
    pub(super) fn visit(&mut self, room: &Room) {
        let user = self.user().cloned();
        let Some(state) = self.rooms.get_mut(room) else { return };
        if state.signals.unread.get_untracked() > 0 {
            let read = state.saved.read.clone();
            state.timeline.mark_since(read.as_ref(), user.as_ref());
        }
        self.looking_since = None;
        self.announcer.reset();
        self.touch(room);
    }

    /// A room leaves the screen.
    pub(super) fn unvisit(&mut self) {
        self.save();
        let Some(state) = self.current_room() else { return };
        state.timeline.rest();
        state.timeline.clear_since();
        state.timeline.set_at_end(false);
        put_arc(&state.signals.below, 0);
        let room = state.signals.room().clone();
        self.touch(&room);
    }
}
