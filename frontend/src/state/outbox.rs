//! Messages that are not known to be stored. They survive interruptions and reloads.
//!
//! Pure data; [`Outbox::save`] and [`Outbox::load`] convert it for the browser's storage. One page owns one outbox at a
//! time. The messages of a room are sent in their order, one at a time, and only after the page has joined the room on
//! the present connection: the join strikes the messages that turn out to be stored.

mod form;
mod message;

use std::collections::HashMap;

use shared::{
    entry::Message,
    error::{ProtocolError, Retry},
    text::{Body, Nonce, Position, Room, UserId},
};

pub use self::message::{PendingMessage, SAFE_MS};
use self::message::{Stopped, Tried};
use super::timeline::rows::Delivery;
use crate::net::backoff;

/// What a join tells about the history of a room.
#[derive(Debug, Clone, Copy)]
pub struct Seen<K> {
    /// Since when the page has seen every message of the room, in milliseconds since the Unix epoch.
    pub since: u64,
    /// Whether a position is among the messages seen.
    pub knows: K,
    /// The history was seen from its very first message.
    pub from_start: bool,
}

/// The unsent messages of all rooms.
#[derive(Debug, Default)]
pub struct Outbox {
    entries: Vec<PendingMessage>,
    /// The rooms joined on the present connection.
    ready: HashMap<Room, Ready>,
}

#[derive(Debug, Clone, Copy)]
struct Ready {
    /// See [`Seen::since`].
    since: u64,
    /// Nothing is sent before.
    not_before: u64,
}

impl Outbox {
    /// Reads what [`save`](Self::save) wrote. Skips what it cannot read.
    pub fn load(text: &str) -> Vec<PendingMessage> {
        form::read(text)
    }

    /// The form in the browser's storage, or `None` when nothing waits.
    pub fn save(&self) -> Option<String> {
        (!self.entries.is_empty()).then(|| form::write(&self.entries))
    }

    /// Takes over the messages of another page, or of this one before a reload.
    pub fn adopt(&mut self, entries: Vec<PendingMessage>, now: u64) {
        for entry in entries {
            if self.find(&entry.nonce).is_none() {
                self.entries.push(PendingMessage { here_since: now, ..entry });
            }
        }
        self.entries.sort_by_key(|entry| entry.at);
    }

    /// Puts a new message at the end.
    pub fn push(&mut self, room: Room, nonce: Nonce, body: Body, now: u64) {
        let (tried, stopped) = (None, None);
        self.entries.push(PendingMessage {
            room,
            nonce,
            body,
            at: now,
            tried,
            stopped,
            sending: false,
            missing: false,
            here_since: 0,
        });
    }

    /// The page has joined a room and struck what the reply brought: decides which of the others may be sent.
    pub fn entered<K>(&mut self, room: &Room, me: Option<&UserId>, now: u64, seen: &Seen<K>)
    where
        K: Fn(&Position) -> bool,
    {
        for entry in self.entries.iter_mut().filter(|entry| entry.room == *room && entry.stopped.is_none()) {
            let Some(tried) = &entry.tried else { continue };
            entry.sending = false;
            entry.missing = seen.from_start
                || tried.at >= seen.since.max(entry.here_since)
                || tried.after.as_ref().is_some_and(|after| (seen.knows)(after));
            entry.settle(me, now);
        }
        self.ready.insert(room.clone(), Ready { since: seen.since, not_before: 0 });
    }

    /// The connection ended, or one room was left: messages on their way wait again.
    pub fn cut(&mut self, room: Option<&Room>) {
        for entry in &mut self.entries {
            if room.is_none_or(|room| entry.room == *room) {
                entry.sending = false;
            }
        }
        match room {
            Some(room) => drop(self.ready.remove(room)),
            None => self.ready.clear(),
        }
    }

    /// The messages to send now, at most one per room; they count as on their way. `head` is the newest known position
    /// of a room.
    pub fn due(
        &mut self,
        me: &UserId,
        now: u64,
        head: impl Fn(&Room) -> Option<Position>,
    ) -> Vec<PendingMessage> {
        let mut due = Vec::new();
        let mut passed: Vec<Room> = Vec::new();
        for entry in &mut self.entries {
            let Some(ready) = self.ready.get(&entry.room) else { continue };
            if now < ready.not_before || passed.contains(&entry.room) {
                continue;
            }
            let since = ready.since.max(entry.here_since);
            entry.missing |= entry.tried.as_ref().is_some_and(|tried| tried.at >= since);
            if entry.stopped.is_some() || (!entry.sending && entry.settle(Some(me), now)) {
                continue;
            }
            passed.push(entry.room.clone());
            if !entry.sending {
                entry.sending = true;
                entry.tried = Some(match entry.tried.take() {
                    Some(tried) if !entry.missing => Tried { times: tried.times.saturating_add(1), ..tried },
                    // The message is known to be missing, so its nonce starts a new window.
                    earlier => Tried {
                        at: now,
                        times: earlier.map_or(0, |tried| tried.times).saturating_add(1),
                        by: me.clone(),
                        after: head(&entry.room),
                    },
                });
                entry.missing = false;
                due.push(entry.clone());
            }
        }
        due
    }

    /// Removes a message, for example because it is stored.
    pub fn strike(&mut self, nonce: &Nonce) -> Option<PendingMessage> {
        let index = self.entries.iter().position(|entry| entry.nonce == *nonce)?;
        Some(self.entries.remove(index))
    }

    /// Removes a message that was seen in the history, if it is one of these.
    pub fn strike_seen(&mut self, message: &Message, me: Option<&UserId>) -> bool {
        let by = |tried: &Tried| tried.by == message.sender.id;
        let own = self
            .find(&message.nonce)
            .is_some_and(|entry| me == Some(&message.sender.id) || entry.tried.as_ref().is_some_and(by));
        own && self.strike(&message.nonce).is_some()
    }

    /// The server refused a try, or did not answer in time (`ErrorCode::Timeout`). `random` is in `0.0..1.0`.
    pub fn refused(&mut self, nonce: &Nonce, error: &ProtocolError, now: u64, random: f64) {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.nonce == *nonce) else { return };
        entry.sending = false;
        match error.code.retry() {
            Retry::Never => entry.stopped = Some(Stopped::Failed(error.code)),
            Retry::SameNonce => {
                let times = entry.tried.as_ref().map_or(0, |tried| tried.times.saturating_sub(1));
                let wait = error.retry_after_ms.unwrap_or_else(|| backoff::wait_ms(times, random));
                if let Some(ready) = self.ready.get_mut(&entry.room) {
                    ready.not_before = now + wait;
                }
            }
        }
    }

    /// Sends a stopped message again because the person asked for it.
    pub fn retry(&mut self, nonce: &Nonce) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.nonce == *nonce)
            && entry.stopped.take().is_some()
        {
            entry.tried = None;
        }
    }

    /// When [`due`](Self::due) may return more than now.
    pub fn next_due(&self, now: u64) -> Option<u64> {
        let waits = |entry: &&PendingMessage| entry.stopped.is_none() && !entry.sending;
        let at = |entry: &PendingMessage| self.ready.get(&entry.room).map(|ready| ready.not_before);
        self.entries.iter().filter(waits).filter_map(at).filter(|at| *at > now).min()
    }

    /// How many messages the page will send by itself.
    pub fn waiting(&self) -> usize {
        self.entries.iter().filter(|entry| entry.stopped.is_none()).count()
    }

    /// The messages of a room in the order of writing, each with its delivery state.
    pub fn of<'a>(&'a self, room: &'a Room) -> impl Iterator<Item = (&'a PendingMessage, Delivery)> {
        self.entries.iter().filter(|entry| entry.room == *room).map(|entry| (entry, self.delivery(entry)))
    }

    /// A message that waits.
    pub fn find(&self, nonce: &Nonce) -> Option<&PendingMessage> {
        self.entries.iter().find(|entry| entry.nonce == *nonce)
    }

    /// The delivery state of a message.
    pub fn delivery(&self, entry: &PendingMessage) -> Delivery {
        match entry.stopped {
            Some(Stopped::Failed(code)) => Delivery::Failed(code),
            Some(Stopped::Unsure) => Delivery::Unsure,
            // On a live connection a message that waits for the one before it counts as on its way.
            None if self.ready.contains_key(&entry.room) => Delivery::Sending,
            None => Delivery::Queued,
        }
    }
}

#[cfg(test)]
mod tests;
