//! What the browser reports: the page starts, is shown or hidden, changes its address, ends; outboxes change owners.

use shared::text::Room;

use super::{
    chat::Chat,
    outbox::{Outbox, PendingMessage},
    saved::{self, SavedRoom},
    store::Store,
};
use crate::{net::machine::Input, route};

/// What the browser reports.
impl Chat {
    /// Starts from what is saved: the person, the joined rooms, the drafts.
    pub fn begin(self) {
        self.with(|store| {
            if let Some(me) = saved::identity(&*store.platform) {
                store.be(me);
            }
            for (room, saved) in saved::rooms(&*store.platform) {
                store.add_room(&room, saved);
            }
            if store.me.is_some() {
                store.start();
            }
        });
    }

    /// This tab owns the outbox of this key from now on. Loads it.
    pub fn own_outbox(self, key: &str) {
        self.with(|store| {
            let left = store.platform.get(key).map(|text| Outbox::load(&text)).unwrap_or_default();
            store.outbox_key = Some(key.to_owned());
            store.adopt(left);
        });
    }

    /// Takes over the outbox of a tab that is gone. The caller holds its lock.
    pub fn adopt_outbox(self, key: &str) {
        self.with(|store| {
            let Some(text) = store.platform.get(key) else { return };
            store.adopt(Outbox::load(&text));
            // Save first, then remove: a crash between the two leaves messages twice, under the same nonces.
            store.save_outbox();
            store.platform.set(key, None);
        });
    }

    /// The time of the last `Platform::wake_at` has come.
    pub fn tick(self) {
        self.with(Store::tick);
    }

    /// The page was shown or hidden, or got or lost the focus.
    pub fn attention_changed(self) {
        self.with(|_| {});
    }

    /// The person went back or forward: the address has changed.
    pub fn address_changed(self) {
        self.with(|store| {
            let room = route::room(&store.platform.address());
            if store.me.is_some() && store.current != room {
                store.show(room.as_ref());
            }
        });
    }

    /// The page may end at once: saves what is not saved yet.
    pub fn leaving(self) {
        self.with(|store| {
            store.save();
            store.save_outbox();
        });
    }
}

impl Store {
    /// Shows the room of the address and connects.
    pub(super) fn start(&mut self) {
        let room = route::room(&self.platform.address());
        self.show(room.as_ref());
        self.platform.connection(Input::Start);
    }

    fn adopt(&mut self, entries: Vec<PendingMessage>) {
        // What another tab tried waits until this one has joined the room and compared its history.
        for room in entries.iter().map(|entry| entry.room.clone()) {
            if !self.rooms.contains_key(&room) {
                continue;
            }
            self.outbox.cut(Some(&room));
        }
        let rooms: Vec<Room> = entries.iter().map(|entry| entry.room.clone()).collect();
        self.outbox.adopt(entries, self.platform.now_ms());
        self.outbox_changed = true;
        for room in rooms {
            let joined = self.platform.now_ms();
            self.add_room(&room, SavedRoom { joined, ..SavedRoom::default() });
            self.mirror(&room);
            self.join(&room);
        }
    }
}
