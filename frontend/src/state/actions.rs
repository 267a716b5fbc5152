//! What a person does.

use leptos::prelude::*;
use shared::{
    command::{self, Command, PageAnchor},
    text::{Body, Emoji, Invalid, Name, Nonce, Position, Room},
};

use super::{
    chat::Chat,
    room_state::put_arc,
    saved::SavedIdentity,
    store::{PendingRequest, Store},
    timeline::rows::RowKey,
};
use crate::{net::machine::Input, route};

/// What a person does. Actions on "the room" mean the room on the screen and do nothing when there is none.
impl Chat {
    /// Takes the first name: saves it, connects and opens the room of the address.
    pub fn set_name(self, name: &str) -> Result<(), Invalid> {
        let name = Name::parse(name)?;
        self.with(|store| {
            let before =
                store.me.clone().unwrap_or(SavedIdentity { name: name.clone(), user: None, token: None });
            store.be(SavedIdentity { name, ..before });
            store.start();
        });
        Ok(())
    }

    /// Changes the name, now or when there is a connection.
    pub fn rename(self, name: &str) -> Result<(), Invalid> {
        let name = Name::parse(name)?;
        self.with(|store| {
            let Some(me) = store.me.clone() else { return };
            store.be(SavedIdentity { name: name.clone(), ..me });
            store.wanted_name = Some(name.clone());
            store.ask(PendingRequest::Rename, Command::Rename(command::Rename { name }));
        });
        Ok(())
    }

    /// Puts a reaction on a message of the open room, or takes the own one away. Does nothing without a connection.
    pub fn react(self, to: &Position, emoji: Emoji, on: bool) {
        self.with(|store| {
            let Some(room) = store.current.clone() else { return };
            let nonce = store.platform.nonce();
            let react = command::React { room, nonce, to: to.clone(), emoji, on };
            store.ask(PendingRequest::React, Command::React(react));
        });
    }

    /// Revokes all tokens of this person and makes them a new guest of the same name. Does nothing without a
    /// connection.
    pub fn forget_me(self) {
        self.with(|store| store.ask(PendingRequest::Forget, Command::Forget));
    }

    /// Shows a room, joining it if need be. The address changes; going back leads to the room before.
    pub fn open_room(self, room: &Room) {
        self.with(|store| {
            if store.current.as_ref() != Some(room) {
                store.platform.show_address(&route::path(room), false);
                store.show(Some(room));
            }
        });
    }

    /// Leaves a room and removes what is saved of it, except unsent messages and the draft. If the room was on the
    /// screen, the next room of the list takes its place.
    pub fn leave_room(self, room: &Room) {
        self.with(|store| store.leave(room));
    }

    /// Sends a message to the room. The page shows and saves it at once, also without a connection, empties the draft
    /// and shows the newest messages. It cuts empty lines around the text and white space at its end, ignores blank
    /// text, and refuses text that is too long.
    pub fn send(self, text: &str) -> Result<(), Invalid> {
        let text = text.trim_end().trim_start_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return Ok(());
        }
        let body = Body::parse(text)?;
        self.with(|store| store.say(body));
        Ok(())
    }

    /// Sends a failed or unsure message again.
    pub fn retry(self, nonce: &Nonce) {
        self.with(|store| {
            let Some(room) = store.outbox.find(nonce).map(|entry| entry.room.clone()) else { return };
            store.outbox.retry(nonce);
            store.outbox_changed = true;
            store.mirror(&room);
        });
    }

    /// Deletes a message that was not sent.
    pub fn delete(self, nonce: &Nonce) {
        self.with(|store| {
            let Some(entry) = store.outbox.strike(nonce) else { return };
            store.outbox_changed = true;
            if let Some(state) = store.rooms.get_mut(&entry.room) {
                state.timeline.forget(nonce);
                state.dirty = true;
            }
        });
    }

    /// Sets the draft of the room. It is saved half a second later.
    pub fn set_draft(self, text: &str) {
        self.with(|store| {
            let Some(state) = store.current_room() else { return };
            put_arc(&state.signals.draft, text.to_owned());
            store.draft_changed = true;
        });
    }

    /// Loads older messages of the room, if there are any and none are loading.
    pub fn load_older(self) {
        self.with(Store::load_older);
    }

    /// Loads what is missing above a break: removes the rows above it and loads the history from there upward.
    pub fn load_missed(self, row: RowKey) {
        self.with(|store| {
            let Some(state) = store.current_room() else { return };
            if state.timeline.start_below(row) {
                state.dirty = true;
                store.load_older();
            }
        });
    }

    /// Loads newer messages of the room, if the newest are not shown.
    pub fn load_newer(self) {
        self.with(|store| {
            let Some(state) = store.current_room() else { return };
            if !state.timeline.has_newer() || state.signals.loading_newer.get_untracked() {
                return;
            }
            state.dirty = true;
            if state.timeline.newer_from_tail() {
                return;
            }
            let room = state.signals.room().clone();
            let Some(anchor) = state.timeline.newest().cloned() else { return };
            let command = Command::History(command::History {
                room: room.clone(),
                anchor: PageAnchor::After(anchor.clone()),
                limit: None,
            });
            let asked = store.ask(PendingRequest::Newer { room, anchor }, command);
            store.current_room().inspect(|state| put_arc(&state.signals.loading_newer, asked));
        });
    }

    /// Shows the newest messages of the room. The view then scrolls to the end.
    pub fn jump_to_newest(self) {
        self.with(|store| {
            let Some(state) = store.current_room() else { return };
            state.timeline.jump_to_newest();
            state.timeline.set_at_end(true);
            state.signals.to_end.update(|times| *times += 1);
            put_arc(&state.signals.below, 0);
            state.dirty = true;
        });
    }

    /// The view reports whether the end of the log is on the screen (at most 100 px away), after each scroll and each
    /// change of the rows. After 1.5 s at the end of the newest messages, with the page visible and focused, the room
    /// counts as read.
    pub fn set_at_end(self, at_end: bool) {
        self.with(|store| store.at_end(at_end));
    }

    /// Marks the room as read and removes the "New since" line (Escape).
    pub fn mark_read(self) {
        self.with(|store| {
            store.read_now();
            store.clear_since();
        });
    }

    /// Removes the "New since" line.
    pub fn dismiss_since(self) {
        self.with(Store::clear_since);
    }

    /// Connects now instead of waiting.
    pub fn try_now(self) {
        self.with(|store| store.platform.connection(Input::TryNow));
    }

    /// Announces a text to screen readers.
    pub fn announce(self, text: &str) {
        self.with(|store| store.announce(text));
    }
}

impl Store {
    fn say(&mut self, body: Body) {
        let (now, nonce) = (self.platform.now_ms(), self.platform.nonce());
        let Some(state) = self.current_room() else { return };
        let room = state.signals.room().clone();
        state.timeline.jump_to_newest();
        state.timeline.set_at_end(true);
        state.signals.to_end.update(|times| *times += 1);
        put_arc(&state.signals.below, 0);
        put_arc(&state.signals.draft, String::new());
        self.outbox.push(room.clone(), nonce, body, now);
        self.outbox_changed = true;
        self.draft_changed = true;
        self.clear_since();
        self.read_now();
        self.mirror(&room);
    }

    fn clear_since(&mut self) {
        if let Some(state) = self.current_room()
            && state.timeline.clear_since()
        {
            state.dirty = true;
        }
    }
}
