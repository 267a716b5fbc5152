//! What the page knows, and everything that a person can do to it.
//!
//! [`Chat`] is a `Copy` handle, found in the context: `expect_context::<Chat>()`. Its getters return signals, its
//! actions are plain calls that return at once. A [`room::OpenRoom`] holds the signals of one joined room.

pub mod banner;
pub mod room;
pub mod timeline;
mod world;

use std::{rc::Rc, sync::Arc};

use leptos::prelude::*;
use shared::text::{Invalid, Name, Nonce, Room, UserId};

pub use self::{
    banner::Banner,
    room::{OpenRoom, RoomHandle, RowHandle, Scroll},
    world::{Nowhere, World},
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

/// The connection, for whoever wants to look under the hood.
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
    me: RwSignal<Option<Me>>,
    rooms: RwSignal<Vec<RoomHandle>>,
    current: RwSignal<Option<RoomHandle>>,
    link: RwSignal<Link>,
    banner: RwSignal<Option<Banner>>,
    waiting: RwSignal<usize>,
    announcement: RwSignal<String>,
    alarm: RwSignal<String>,
    title: RwSignal<String>,
    today: RwSignal<Day>,
    world: StoredValue<Rc<dyn World>, LocalStorage>,
}

/// What the page shows.
impl Chat {
    /// The person at this page, or `None` as long as there is no name: show the first visit.
    pub fn me(self) -> ReadSignal<Option<Me>> {
        self.me.read_only()
    }

    /// The joined rooms, in the order of the list.
    pub fn rooms(self) -> ReadSignal<Vec<RoomHandle>> {
        self.rooms.read_only()
    }

    /// The room on the screen. `None` only before there is a name, and at an address that is no room's.
    pub fn current(self) -> ReadSignal<Option<RoomHandle>> {
        self.current.read_only()
    }

    /// The connection.
    pub fn link(self) -> ReadSignal<Link> {
        self.link.read_only()
    }

    /// What stands above the log about the connection; `None` while all is well, and for the first five seconds.
    pub fn banner(self) -> ReadSignal<Option<Banner>> {
        self.banner.read_only()
    }

    /// How many own messages of all rooms wait to be sent. The send button reads "Queue" while the link is not live.
    pub fn waiting(self) -> ReadSignal<usize> {
        self.waiting.read_only()
    }

    /// The text of the polite announcer (`aria-live="polite"`).
    pub fn announcement(self) -> ReadSignal<String> {
        self.announcement.read_only()
    }

    /// The text of the assertive announcer: a message failed, the session ended.
    pub fn alarm(self) -> ReadSignal<String> {
        self.alarm.read_only()
    }

    /// The title of the tab: "(3) #general". It is set on the document without the view's help.
    pub fn title(self) -> ReadSignal<String> {
        self.title.read_only()
    }

    /// The local day, renewed at midnight: what day lines compare themselves with.
    pub fn today(self) -> ReadSignal<Day> {
        self.today.read_only()
    }
}

/// What a person does. Actions on "the room" mean the room on the screen and do nothing when there is none.
#[expect(unused_variables, reason = "the bodies follow")]
impl Chat {
    /// The state over a browser, or over [`Nowhere`] in tests.
    pub fn new(world: Rc<dyn World>) -> Self {
        Self {
            me: RwSignal::new(None),
            rooms: RwSignal::new(Vec::new()),
            current: RwSignal::new(None),
            link: RwSignal::new(Link::default()),
            banner: RwSignal::new(None),
            waiting: RwSignal::new(0),
            announcement: RwSignal::new(String::new()),
            alarm: RwSignal::new(String::new()),
            title: RwSignal::new(String::new()),
            today: RwSignal::new(Day::of(world.now_ms())),
            world: StoredValue::new_local(world),
        }
    }

    /// Takes a name for the first time: it is kept, the page connects and enters the room of the address.
    pub fn set_name(self, name: &str) -> Result<(), Invalid> {
        let name = Name::parse(name)?;
        self.me.set(Some(Me { name, user: None }));
        Ok(())
    }

    /// Changes the name, now or as soon as there is a connection.
    pub fn rename(self, name: &str) -> Result<(), Invalid> {
        self.set_name(name)
    }

    /// Makes the tokens of this person worthless everywhere and becomes a new guest of the same name.
    /// Works only while the link is live.
    pub fn forget_me(self) {}

    /// Shows a room, joining it if need be. The address changes, a step back leads to the room before.
    pub fn open_room(self, room: &Room) {}

    /// Leaves a room and forgets what was kept of it, except what waits to be sent and the draft. If it was on the
    /// screen, the next room takes its place.
    pub fn leave_room(self, room: &Room) {}

    /// Says something in the room. It is shown and kept at once, also while there is no connection; the draft is
    /// emptied. White space at both ends is cut; nothing but white space does nothing.
    /// A text that is too long is refused: the field keeps it.
    pub fn send(self, text: &str) -> Result<(), Invalid> {
        Ok(())
    }

    /// Tries a failed or unsure message of the room again.
    pub fn retry(self, nonce: &Nonce) {}

    /// Drops a message of the room that was not sent.
    pub fn delete(self, nonce: &Nonce) {}

    /// Notes the text in the field; it is kept per room, half a second after the last change.
    pub fn set_draft(self, text: &str) {}

    /// Gets older messages of the room, if there are any and none are on their way.
    pub fn load_older(self) {}

    /// Gets newer messages of the room, if the window does not reach the newest.
    pub fn load_newer(self) {}

    /// Makes the newest messages of the room the shown ones. The view then scrolls to the end.
    pub fn jump_to_newest(self) {}

    /// Tells whether the end of the log is on the screen (at most 100 px away, nothing newer unloaded).
    /// While it is, and the page is visible and focused for 1.5 s, the room is read.
    pub fn set_at_end(self, at_end: bool) {}

    /// Marks the room read now and takes the "New since" line away (Esc).
    pub fn mark_read(self) {}

    /// Takes the "New since" line away.
    pub fn dismiss_since(self) {}

    /// Connects now instead of waiting.
    pub fn try_now(self) {}

    /// Has something said to people who listen: "Copied".
    pub fn announce(self, text: &str) {
        self.announcement.set(text.to_owned());
        self.world.with_value(|world| self.today.set(Day::of(world.now_ms())));
    }

    /// The handle of a joined room.
    pub fn room(self, room: &Room) -> Option<RoomHandle> {
        self.rooms.with_untracked(|rooms| rooms.iter().find(|open| open.room() == room).map(Arc::clone))
    }
}
