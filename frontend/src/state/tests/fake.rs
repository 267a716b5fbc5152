//! A platform that the test plays, and a server for which the test answers.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
};

use leptos::prelude::*;
use shared::{
    command::{self, Command},
    entry::{Entries, Entry, Message},
    event::{Event, Happened, Joined, Page, Reply, Sent, ServerFrame, Welcome},
    person::{Sender, SenderKind},
    table::Flat,
    text::{Body, Name, Nonce, Position, Room, UserId},
};

use crate::{
    net::{
        handler::Handler as _,
        machine::{Input, Status},
    },
    state::{
        Chat, Platform,
        timeline::rows::{Break, Delivery, Row, RowKey},
    },
};

/// The storage of a browser, which its tabs share and which survives reloads.
pub(super) type Storage = Rc<RefCell<BTreeMap<String, String>>>;

#[derive(Default)]
pub(super) struct Fake {
    storage: Storage,
    now: Cell<u64>,
    wake: Cell<Option<u64>>,
    watched: Cell<bool>,
    live: Cell<bool>,
    last_id: Cell<u64>,
    asked: RefCell<Vec<(u64, Command)>>,
    pub(super) inputs: RefCell<Vec<Input>>,
    pub(super) address: RefCell<String>,
    pub(super) title: RefCell<String>,
}

/// The nonces of all tabs differ.
static NONCES: AtomicU32 = AtomicU32::new(0);

impl Platform for Rc<Fake> {
    fn now_ms(&self) -> u64 {
        self.now.get()
    }
    fn utc_offset_minutes(&self, _: u64) -> i32 {
        0
    }
    fn steady_ms(&self) -> u64 {
        self.now.get()
    }
    fn random(&self) -> f64 {
        0.0
    }
    fn nonce(&self) -> Nonce {
        Nonce::parse(&format!("own-{}", NONCES.fetch_add(1, Ordering::Relaxed))).unwrap()
    }
    fn is_watched(&self) -> bool {
        self.watched.get()
    }
    fn get(&self, key: &str) -> Option<String> {
        self.storage.borrow().get(key).cloned()
    }
    fn set(&self, key: &str, value: Option<&str>) {
        let mut storage = self.storage.borrow_mut();
        match value {
            Some(value) => drop(storage.insert(key.to_owned(), value.to_owned())),
            None => drop(storage.remove(key)),
        }
    }
    fn keys(&self, prefix: &str) -> Vec<String> {
        self.storage.borrow().keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }
    fn ask(&self, command: Command) -> Option<u64> {
        assert!(self.live.get(), "asked without a connection: {command:?}");
        self.last_id.set(self.last_id.get() + 1);
        self.asked.borrow_mut().push((self.last_id.get(), command));
        Some(self.last_id.get())
    }
    fn connection(&self, input: Input) {
        self.inputs.borrow_mut().push(input);
    }
    fn wake_at(&self, at: Option<u64>) {
        self.wake.set(at);
    }
    fn address(&self) -> String {
        self.address.borrow().clone()
    }
    fn show_address(&self, address: &str, _: bool) {
        *self.address.borrow_mut() = address.to_owned();
    }
    fn show_title(&self, title: &str) {
        *self.title.borrow_mut() = title.to_owned();
    }
}

/// One tab.
pub(super) struct Tab {
    pub(super) chat: Chat,
    pub(super) fake: Rc<Fake>,
    _owner: Owner,
}

impl Tab {
    /// Opens a tab at an address; it owns the outbox `name`.
    pub(super) fn open(storage: &Storage, name: &str, address: &str, now: u64) -> Self {
        // An owner without a parent: no tab ends with another one.
        let owner = Owner::new_root(None);
        owner.set();
        let fake = Rc::new(Fake { storage: Rc::clone(storage), ..Fake::default() });
        fake.now.set(now);
        fake.watched.set(true);
        address.clone_into(&mut fake.address.borrow_mut());
        let chat = Chat::new(Rc::new(Rc::clone(&fake)));
        chat.begin();
        chat.own_outbox(&format!("hubbub.outbox.{name}"));
        Self { chat, fake, _owner: owner }
    }

    /// A tab of ana's, live in the room `r`, in which messages 1 to `last` were said.
    pub(super) fn live(storage: &Storage, name: &str, last: u64) -> Self {
        let tab = Self::open(storage, name, "/r/r", 0);
        if tab.chat.me().get_untracked().is_none() {
            tab.chat.set_name("ana").unwrap();
        }
        tab.connect();
        tab.joined("r", joined("r", 1..=last, false));
        tab
    }

    pub(super) fn pass(&self, ms: u64) {
        let end = self.fake.now.get() + ms;
        while let Some(at) = self.fake.wake.get().filter(|at| *at <= end) {
            self.fake.now.set(at.max(self.fake.now.get()));
            self.chat.tick();
            assert!(self.fake.wake.get().is_none_or(|next| next > at), "woken again for the same");
        }
        self.fake.now.set(end);
    }

    pub(super) fn look(&self, watched: bool) {
        self.fake.watched.set(watched);
        self.chat.attention_changed();
    }

    pub(super) fn connect(&self) {
        self.fake.live.set(true);
        self.chat.status(Status::Live);
        self.chat.frame(ServerFrame::Reply(0, Reply::Welcome(welcome("ana", "ana"))));
    }

    pub(super) fn cut(&self) {
        self.fake.live.set(false);
        self.chat.status(Status::Waiting { until: self.fake.now.get() + 20_000 });
    }

    /// The unanswered commands, in short.
    pub(super) fn asked(&self) -> Vec<String> {
        let short = |command: &Command| match command {
            Command::Join(command::Join { room, since: None }) => format!("join {room}"),
            Command::Join(command::Join { room, since: Some(since) }) => format!("join {room} since {since}"),
            Command::Leave(command::Leave { room }) => format!("leave {room}"),
            Command::Send(command::Send { room, body, .. }) => format!("send {room} {body}"),
            Command::History(command::History { room, anchor, .. }) => format!("history {room} {anchor:?}"),
            Command::Rename(command::Rename { name }) => format!("rename {name}"),
            Command::Hello(_) | Command::React(_) | Command::Forget | Command::Ping => format!("{command:?}"),
        };
        self.fake.asked.borrow().iter().map(|(_, command)| short(command)).collect()
    }

    /// Takes the unanswered commands with their ids.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn take_asked(&self) -> Vec<(u64, Command)> {
        self.fake.asked.take()
    }

    /// Answers the oldest open command.
    pub(super) fn answer(&self, reply: Reply) -> Command {
        let (id, command) = self.fake.asked.borrow_mut().remove(0);
        self.chat.frame(ServerFrame::Reply(id, reply));
        command
    }

    /// Answers the join of a room.
    pub(super) fn joined(&self, room: &str, joined: Joined) {
        let is = |command: &Command| matches!(command, Command::Join(command::Join { room: asked, .. }) if asked.as_str() == room);
        let index = self.fake.asked.borrow().iter().position(|(_, command)| is(command)).expect("a join");
        let (id, _) = self.fake.asked.borrow_mut().remove(index);
        self.chat.frame(ServerFrame::Reply(id, Reply::Joined(joined)));
    }

    pub(super) fn event(&self, event: Event) {
        self.chat.frame(ServerFrame::Event(event));
    }

    pub(super) fn say(&self, room: &str, message: Message) {
        self.event(Event::Message(Happened { room: name_of(room), entry: Flat(message.into()) }));
    }

    /// The rows of the open room, in short, without day lines.
    pub(super) fn rows(&self) -> Vec<String> {
        let room = self.chat.current().get_untracked().expect("a room");
        let handles = room.rows.get_untracked();
        let short = |row: Row| match row {
            Row::Day(_) => None,
            Row::Since { .. } => Some("since".to_owned()),
            Row::Break(Break::Lost) => Some("lost".to_owned()),
            Row::Break(Break::NotRecovered) => Some("hole".to_owned()),
            Row::Message(row) if row.state == Delivery::Stored => {
                Some(format!("{} {}", row.sender.name, row.body))
            }
            Row::Message(row) => Some(format!("{} {} {:?}", row.sender.name, row.body, row.state)),
        };
        handles.iter().filter_map(|handle| short(handle.row.get_untracked())).collect()
    }

    pub(super) fn last_key(&self) -> RowKey {
        self.chat.current().get_untracked().unwrap().rows.with_untracked(|rows| rows.last().unwrap().key)
    }

    pub(super) fn unread(&self, room: &str) -> usize {
        self.chat.room(&name_of(room)).expect("a joined room").unread.get_untracked()
    }

    pub(super) fn nonce_of(&self, body: &str) -> Nonce {
        let room = self.chat.current().get_untracked().unwrap();
        let handles = room.rows.get_untracked();
        let nonce = |row| match row {
            Row::Message(row) if row.body.as_str() == body => Some(row.nonce),
            _ => None,
        };
        handles.iter().find_map(|handle| nonce(handle.row.get_untracked())).expect("such a message")
    }
}

pub(super) fn name_of(room: &str) -> Room {
    Room::parse(room).unwrap()
}

pub(super) fn at(n: u64) -> Position {
    Position::parse(&n.to_string()).unwrap()
}

pub(super) fn welcome(user: &str, name: &str) -> Welcome {
    Welcome {
        user: UserId::parse(user).unwrap(),
        name: Name::parse(name).unwrap(),
        token: format!("token of {user}"),
        expires: 0,
        node: "n1".to_owned(),
        refused: None,
    }
}

/// The `n`th message, of bo.
pub(super) fn said(n: u64) -> Message {
    said_by(n, "bo", &format!("nonce{n}"), &n.to_string())
}

pub(super) fn said_by(n: u64, name: &str, nonce: &str, body: &str) -> Message {
    Message {
        position: at(n),
        prev: at(n - 1),
        n,
        at: n,
        sender: Sender {
            id: UserId::parse(name).unwrap(),
            name: Name::parse(name).unwrap(),
            kind: SenderKind::Guest,
        },
        nonce: Nonce::parse(nonce).unwrap(),
        body: Body::parse(body).unwrap(),
    }
}

/// Messages of bo.
pub(super) fn entries(range: std::ops::RangeInclusive<u64>) -> Entries {
    Entries::Read(range.map(said).map(Entry::from).collect())
}

pub(super) fn joined(room: &str, range: std::ops::RangeInclusive<u64>, recovered: bool) -> Joined {
    Joined {
        room: name_of(room),
        position: at(*range.end()),
        recovered,
        older: *range.start() > 1,
        entries: entries(range),
        here: 1,
        people: Vec::new(),
    }
}

/// The reply to a resume that missed nothing.
pub(super) fn nothing_new(room: &str, last: u64) -> Joined {
    Joined { entries: Entries::Read(Vec::new()), older: true, ..joined(room, last..=last, true) }
}

pub(super) fn page(room: &str, range: std::ops::RangeInclusive<u64>, newer: bool) -> Reply {
    Reply::Page(Page {
        room: name_of(room),
        older: *range.start() > 1,
        entries: entries(range),
        newer,
        found: true,
    })
}

pub(super) fn sent(room: &str, n: u64, duplicate: bool) -> Reply {
    Reply::Sent(Sent { room: name_of(room), position: at(n), n: (!duplicate).then_some(n), duplicate })
}
