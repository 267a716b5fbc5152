//! The handle through which components read the state. Its actions are in `actions`, its events in `lifecycle`.

use std::rc::Rc;

use leptos::prelude::*;
use shared::text::Room;

use super::{
    banner::Banner,
    platform::Platform,
    room_signals::RoomHandle,
    signals::{Link, Me, Signals},
    store::Store,
};
use crate::time::Day;

/// The state of the page: getters return signals, actions return at once.
#[derive(Debug, Clone, Copy)]
pub struct Chat {
    signals: Signals,
    store: StoredValue<Store, LocalStorage>,
}

/// The getters.
impl Chat {
    /// The person at this page. `None` on the first visit.
    pub fn me(self) -> ReadSignal<Option<Me>> {
        self.signals.me.read_only()
    }

    /// Whether the person asked to be forgotten on another page: the first visit says so.
    pub fn forgotten(self) -> ReadSignal<bool> {
        self.signals.forgotten.read_only()
    }

    /// The joined rooms, in the order of the list.
    pub fn rooms(self) -> ReadSignal<Vec<RoomHandle>> {
        self.signals.rooms.read_only()
    }

    /// The room on the screen. `None` on the first visit, at an address that names no room, and after leaving the last
    /// room.
    pub fn current(self) -> ReadSignal<Option<RoomHandle>> {
        self.signals.current.read_only()
    }

    /// The connection.
    pub fn link(self) -> ReadSignal<Link> {
        self.signals.link.read_only()
    }

    /// The banner about the connection. `None` while all is well and for the first five seconds of trouble.
    pub fn banner(self) -> ReadSignal<Option<Banner>> {
        self.signals.banner.read_only()
    }

    /// How many own messages of all rooms wait to be sent. The send button reads "Queue" while the link is not live.
    pub fn waiting(self) -> ReadSignal<usize> {
        self.signals.waiting.read_only()
    }

    /// The text of the polite announcer (`aria-live="polite"`).
    pub fn announcement(self) -> ReadSignal<String> {
        self.signals.announcement.read_only()
    }

    /// The text of the assertive announcer: a message failed, the session ended.
    pub fn alarm(self) -> ReadSignal<String> {
        self.signals.alarm.read_only()
    }

    /// The title of the tab, such as "(3) #general". The state sets it on the document itself.
    pub fn title(self) -> ReadSignal<String> {
        self.signals.title.read_only()
    }

    /// The local day, updated within a minute after midnight. Day lines compare themselves with it.
    pub fn today(self) -> ReadSignal<Day> {
        self.signals.today.read_only()
    }

    /// The handle of a joined room.
    pub fn room(self, room: &Room) -> Option<RoomHandle> {
        self.signals.rooms.with_untracked(|rooms| rooms.iter().find(|open| open.room() == room).cloned())
    }
}

impl Chat {
    /// The state on a platform. Nothing happens before [`begin`](Self::begin).
    pub fn new(platform: Rc<dyn Platform>) -> Self {
        let now = platform.now_ms();
        let signals = Signals::new(Day::of(now, platform.utc_offset_minutes(now)));
        Self { signals, store: StoredValue::new_local(Store::new(platform, signals)) }
    }

    /// Runs a change of the store and then brings signals, storage and the connection up to date with it.
    pub(super) fn with<T>(self, act: impl FnOnce(&mut Store) -> T) -> T {
        let mut result = None;
        self.store.update_value(|store| {
            result = Some(act(store));
            store.settle();
        });
        result.expect("the state lives as long as the page")
    }
}
