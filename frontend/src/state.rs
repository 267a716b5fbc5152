//! What the page knows, and everything that a person can do to it.
//!
//! [`Chat`] is a `Copy` handle, found in the context: `expect_context::<Chat>()`. Its getters return signals, its
//! actions are plain calls that return at once. A [`room_signals::RoomSignals`] holds the signals of one joined room.

mod actions;
mod announce;
mod apply;
pub mod banner;
pub mod outbox;
mod platform;
mod reading;
pub mod room_signals;
mod room_state;
mod saved;
mod store;
pub mod timeline;

use std::rc::Rc;

use leptos::prelude::*;
use shared::text::{Name, Room, UserId};

use self::store::Store;
pub use self::{
    banner::Banner,
    platform::{NullPlatform, Platform},
    room_signals::{RoomHandle, RoomSignals, RowHandle, Scroll},
    saved::OUTBOX,
};
use crate::{net::machine::Status, time::Day};

/// The person at this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// What they are called.
    pub name: Name,
    /// Who they are, once a server said so.
    pub user: Option<UserId>,
}

/// What the page knows about its connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// What it is doing.
    pub status: Status,
    /// The last measured round trip to the node, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// The node that answers.
    pub node: Option<String>,
    /// Whether that node says that it can take and deliver messages.
    pub ready: bool,
}

/// The state of the page; see the module.
#[derive(Debug, Clone, Copy)]
pub struct Chat {
    signals: Signals,
    store: StoredValue<Store, LocalStorage>,
}

/// What the view follows.
#[derive(Debug, Clone, Copy)]
struct Signals {
    me: RwSignal<Option<Me>>,
    forgotten: RwSignal<bool>,
    rooms: RwSignal<Vec<RoomHandle>>,
    current: RwSignal<Option<RoomHandle>>,
    link: RwSignal<Link>,
    banner: RwSignal<Option<Banner>>,
    waiting: RwSignal<usize>,
    announcement: RwSignal<String>,
    alarm: RwSignal<String>,
    title: RwSignal<String>,
    today: RwSignal<Day>,
}

/// What the page shows.
impl Chat {
    /// The person at this page, or `None` as long as there is no name: show the first visit.
    pub fn me(self) -> ReadSignal<Option<Me>> {
        self.signals.me.read_only()
    }

    /// Whether the person at this page asked to be forgotten on another page: the first visit says so.
    pub fn forgotten(self) -> ReadSignal<bool> {
        self.signals.forgotten.read_only()
    }

    /// The joined rooms, in the order of the list.
    pub fn rooms(self) -> ReadSignal<Vec<RoomHandle>> {
        self.signals.rooms.read_only()
    }

    /// The room on the screen. `None` before there is a name, at an address that is no room's, and when the last
    /// room was left.
    pub fn current(self) -> ReadSignal<Option<RoomHandle>> {
        self.signals.current.read_only()
    }

    /// The connection.
    pub fn link(self) -> ReadSignal<Link> {
        self.signals.link.read_only()
    }

    /// What stands above the log about the connection; `None` while all is well, and for the first five seconds.
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

    /// The title of the tab: "(3) #general". It is set on the document without the view's help.
    pub fn title(self) -> ReadSignal<String> {
        self.signals.title.read_only()
    }

    /// The local day, renewed at midnight: what day lines compare themselves with.
    pub fn today(self) -> ReadSignal<Day> {
        self.signals.today.read_only()
    }

    /// The handle of a joined room.
    pub fn room(self, room: &Room) -> Option<RoomHandle> {
        self.signals.rooms.with_untracked(|rooms| rooms.iter().find(|open| open.room() == room).cloned())
    }
}

impl Chat {
    /// The state over an browser. Nothing happens before [`begin`](Self::begin).
    pub fn new(platform: Rc<dyn Platform>) -> Self {
        let signals = Signals {
            me: RwSignal::new(None),
            forgotten: RwSignal::new(false),
            rooms: RwSignal::new(Vec::new()),
            current: RwSignal::new(None),
            link: RwSignal::new(Link { ready: true, ..Link::default() }),
            banner: RwSignal::new(None),
            waiting: RwSignal::new(0),
            announcement: RwSignal::new(String::new()),
            alarm: RwSignal::new(String::new()),
            title: RwSignal::new(String::new()),
            today: RwSignal::new(Day::of(platform.now_ms())),
        };
        Self { signals, store: StoredValue::new_local(Store::new(platform, signals)) }
    }

    /// Does something with everything that is behind the signals.
    fn with<T>(self, act: impl FnOnce(&mut Store) -> T) -> T {
        let mut result = None;
        self.store.update_value(|store| {
            result = Some(act(store));
            store.settle();
        });
        result.expect("the state lives as long as the page")
    }
}

#[cfg(test)]
mod tests;
