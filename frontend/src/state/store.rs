//! Everything behind the signals, in one place that is changed by one call at a time.

use std::{fmt, rc::Rc, sync::Arc};

use leptos::prelude::*;
use shared::{
    command::Command,
    message::{Sender, SenderKind},
    text::{Nonce, Position, Room, UserId},
};

use super::{
    Me, Platform, Signals,
    announce::Announcer,
    banner::{Banner, Watch},
    outbox::Outbox,
    room_signals::RoomSignals,
    room_state::{RoomState, put},
    saved::{self, Identity, SavedRoom},
};
use crate::{few::Few, markup::visible, net::machine::Status, time::Day};

/// How long an answer may take before it is asked for again.
const ANSWER_MS: u64 = 20_000;

/// How long changes of what is kept may wait for more of them.
const SAVE_AFTER_MS: u64 = 500;

/// What was asked, by the id of its reply.
#[derive(Debug, Clone)]
pub(super) enum PendingRequest {
    Join { room: Room, since: Option<Position> },
    Leave,
    Send(Nonce),
    Older { room: Room, anchor: Position },
    Newer { room: Room, anchor: Position },
    Around(Room),
    Rename,
    Forget,
}

pub(super) struct Store {
    pub(super) platform: Rc<dyn Platform>,
    pub(super) signals: Signals,
    pub(super) me: Option<Identity>,
    pub(super) rooms: Few<Room, RoomState>,
    /// The rooms in the order of the list.
    pub(super) order: Vec<Room>,
    pub(super) current: Option<Room>,
    pub(super) asked: Few<u64, (PendingRequest, u64)>,
    pub(super) outbox: Outbox,
    /// The key under which the outbox is kept, once this tab owns one.
    pub(super) outbox_key: Option<String>,
    pub(super) outbox_changed: bool,
    pub(super) status: Status,
    pub(super) watch: Watch,
    pub(super) announcer: Announcer,
    /// Since when the end of the open room is looked at.
    pub(super) looking_since: Option<u64>,
    /// A draft was changed that is not kept yet.
    pub(super) draft_changed: bool,
    /// When what changed is kept.
    save_at: Option<u64>,
    alarmed: Vec<Nonce>,
}

impl Store {
    pub(super) fn new(platform: Rc<dyn Platform>, signals: Signals) -> Self {
        Self {
            platform,
            signals,
            me: None,
            rooms: Few::default(),
            order: Vec::new(),
            current: None,
            asked: Few::default(),
            outbox: Outbox::default(),
            outbox_key: None,
            outbox_changed: false,
            status: Status::Idle,
            watch: Watch::default(),
            announcer: Announcer::default(),
            looking_since: None,
            draft_changed: false,
            save_at: None,
            alarmed: Vec::new(),
        }
    }

    pub(super) fn user(&self) -> Option<&UserId> {
        self.me.as_ref()?.user.as_ref()
    }

    /// How an own message is shown before the server has taken it.
    pub(super) fn sender(&self) -> Option<Sender> {
        let me = self.me.as_ref()?;
        let id = me.user.clone().or_else(|| UserId::parse("me").ok())?;
        Some(Sender { id, name: me.name.clone(), kind: SenderKind::Guest })
    }

    /// The open room.
    pub(super) fn current_room(&mut self) -> Option<&mut RoomState> {
        self.rooms.get_mut(self.current.as_ref()?)
    }

    /// Takes a new or changed identity.
    pub(super) fn be(&mut self, me: Identity) {
        let before = self.me.replace(me.clone());
        saved::save_identity(&*self.platform, &me);
        self.signals.me.set(Some(Me { name: me.name, user: me.user.clone() }));
        if before.is_none_or(|before| before.user != me.user || before.name != self.name()) {
            let Some(sender) = self.sender() else { return };
            for state in self.rooms.values_mut() {
                state.timeline.be(&sender);
                state.dirty = true;
            }
        }
    }

    fn name(&self) -> shared::text::Name {
        self.me.as_ref().map(|me| me.name.clone()).expect("there is an identity")
    }

    /// Asks the server; nothing happens while there is no connection.
    pub(super) fn ask(&mut self, asked: PendingRequest, command: Command) -> bool {
        if self.status != Status::Live {
            return false;
        }
        let Some(id) = self.platform.ask(command) else { return false };
        self.asked.insert(id, (asked, self.platform.steady_ms() + ANSWER_MS));
        true
    }

    /// Enters a room, or goes on where it stood.
    pub(super) fn join(&mut self, room: &Room) {
        let open = self.current.as_ref() == Some(room);
        let Some(state) = self.rooms.get_mut(room) else { return };
        if state.joining {
            return;
        }
        state.join_again = None;
        // A room on the screen starts with its newest page; one in the list only wants to know what is new.
        let kept = state.saved.head.clone().filter(|_| !open);
        let since = state.timeline.head().cloned().or(kept);
        let asked = PendingRequest::Join { room: room.clone(), since: since.clone() };
        let asked = self.ask(asked, Command::Join { room: room.clone(), since });
        if let Some(state) = self.rooms.get_mut(room) {
            state.joining = asked;
        }
    }

    /// Makes a room one of the joined ones.
    pub(super) fn add_room(&mut self, room: &Room, kept: SavedRoom) {
        if self.rooms.contains_key(room) {
            return;
        }
        let open = Arc::new(RoomSignals::new(room.clone()));
        open.unread.set(kept.unread);
        open.draft.set(saved::draft(&*self.platform, room));
        let state = RoomState::new(open, kept);
        self.rooms.insert(room.clone(), state);
        self.order.push(room.clone());
        self.mirror(room);
        self.show_rooms();
    }

    pub(super) fn show_rooms(&self) {
        let handles =
            self.order.iter().filter_map(|room| self.rooms.get(room)).map(|state| Arc::clone(&state.signals));
        self.signals.rooms.set(handles.collect());
    }

    /// The rows of a room are to be drawn again, and what is kept of it to be kept.
    pub(super) fn touch(&mut self, room: &Room) {
        if let Some(state) = self.rooms.get_mut(room) {
            state.dirty = true;
            state.unsaved = true;
        }
    }

    /// Brings the rows of a room up to date with the outbox.
    pub(super) fn mirror(&mut self, room: &Room) {
        let Some(sender) = self.sender() else { return };
        let Some(state) = self.rooms.get_mut(room) else { return };
        for (entry, delivery) in self.outbox.of(room) {
            state.timeline.write(entry.nonce.clone(), entry.body.clone(), entry.at, sender.clone(), delivery);
            state.timeline.set_state(&entry.nonce, delivery);
            if matches!(delivery, super::timeline::rows::Delivery::Failed(_))
                && !self.alarmed.contains(&entry.nonce)
            {
                self.alarmed.push(entry.nonce.clone());
                self.signals.alarm.set("Message not sent".to_owned());
            }
        }
        state.dirty = true;
    }

    pub(super) fn mirror_all(&mut self) {
        for room in self.order.clone() {
            self.mirror(&room);
        }
    }

    /// Sends what may be sent. What is about to be tried is kept first, so that a crash cannot make it untried.
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
            let command = Command::Send { room: room.clone(), nonce: nonce.clone(), body: entry.body };
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

    /// Writes down what changed.
    pub(super) fn save(&mut self) {
        self.save_at = None;
        for (room, state) in self.rooms.iter_mut() {
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

    /// After every change: sends, draws, keeps, and asks to be woken when something is due.
    pub(super) fn settle(&mut self) {
        self.pump();
        self.save_outbox();
        put(self.signals.waiting, self.outbox.waiting());
        self.attend();
        let user = self.me.as_ref().and_then(|me| me.user.clone());
        for state in self.rooms.values_mut() {
            state.draw(user.as_ref());
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
        // A wall-clock time as one of the steady clock.
        let steady = |at: u64| now + at.saturating_sub(wall);
        let midnight = wall - wall % 60_000 + 60_000;
        let due = [
            self.save_at,
            self.read_due(),
            self.announcer.due(),
            self.watch.next_change(now),
            self.outbox.next_due(wall).filter(|_| self.status == Status::Live).map(steady),
            self.asked.values().map(|(_, deadline)| *deadline).min(),
            self.rooms.values().filter_map(|state| state.join_again).min(),
            Some(steady(midnight)),
        ];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn tick(&mut self) {
        let now = self.platform.steady_ms();
        put(self.signals.today, Day::of(self.platform.now_ms()));
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

    /// Has something said to people who listen, even if it is what was said last.
    pub(super) fn announce(&self, text: &str) {
        let same = self.signals.announcement.with_untracked(|before| before == text);
        // Assistive technology reads changes only: a space that nobody hears makes it one.
        self.signals.announcement.set(if same { format!("{text}\u{a0}") } else { text.to_owned() });
    }

    fn show_banner(&self, now: u64) {
        let banner = self.watch.banner(now);
        let (before, is) = (self.signals.banner.with_untracked(Option::is_some), banner.is_some());
        match &banner {
            Some(Banner::Back { missed: 0 }) => self.announce_new("Back online"),
            Some(Banner::Back { missed }) => {
                self.announce_new(&format!("Back online, {missed} missed messages loaded"));
            }
            Some(_) if is && !before => self.announce("Connection lost"),
            _ => {}
        }
        put(self.signals.banner, banner);
    }

    /// Announces what was not announced last.
    fn announce_new(&self, text: &str) {
        if self.signals.announcement.with_untracked(|before| before.trim_end() != text) {
            self.announce(text);
        }
    }

    fn show_title(&self) {
        let unread: usize = self.rooms.values().map(|state| state.signals.unread.get_untracked()).sum();
        let room =
            self.current.as_ref().map(|room| format!("#{} · ", visible(room.as_str()))).unwrap_or_default();
        let count = if unread > 0 { format!("({unread}) ") } else { String::new() };
        let title = format!("{count}{room}Hubbub");
        if self.signals.title.with_untracked(|before| *before != title) {
            self.platform.show_title(&title);
            self.signals.title.set(title);
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("status", &self.status)
            .field("rooms", &self.order)
            .finish_non_exhaustive()
    }
}
