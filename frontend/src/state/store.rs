//! Everything behind the signals. One call at a time changes it.

use std::{collections::BTreeMap, fmt, rc::Rc, sync::Arc};

use leptos::prelude::*;
use shared::{
    command::{self, Command},
    person::{Sender, SenderKind},
    text::{Name, Nonce, Position, Room, UserId},
};

use super::{
    announce::Announcer,
    banner::ConnectionWatch,
    outbox::Outbox,
    platform::Platform,
    room_signals::RoomSignals,
    room_state::RoomState,
    saved::{self, SavedIdentity, SavedRoom},
    signals::{Me, Signals},
    timeline::rows::Delivery,
};
use crate::net::machine::Status;

/// How long a reply may take before the request counts as unanswered, in milliseconds.
const ANSWER_MS: u64 = 20_000;

/// A request whose reply is awaited.
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
    React,
}

/// The state behind the signals of [`Signals`] and of each room.
pub(super) struct Store {
    pub(super) platform: Rc<dyn Platform>,
    pub(super) signals: Signals,
    pub(super) me: Option<SavedIdentity>,
    /// The name that the person chose, until the server has confirmed it.
    pub(super) wanted_name: Option<Name>,
    pub(super) rooms: BTreeMap<Room, RoomState>,
    /// The rooms in the order of the list.
    pub(super) order: Vec<Room>,
    pub(super) current: Option<Room>,
    /// Requests without a reply: by id, each with its deadline on the steady clock.
    pub(super) asked: BTreeMap<u64, (PendingRequest, u64)>,
    pub(super) outbox: Outbox,
    /// The storage key of the outbox, once this tab owns one.
    pub(super) outbox_key: Option<String>,
    pub(super) outbox_changed: bool,
    pub(super) status: Status,
    pub(super) watch: ConnectionWatch,
    pub(super) announcer: Announcer,
    /// Since when the person looks at the end of the open room.
    pub(super) looking_since: Option<u64>,
    /// The draft of the open room is not saved yet.
    pub(super) draft_changed: bool,
    /// When to save what changed.
    pub(super) save_at: Option<u64>,
    alarmed: Vec<Nonce>,
}

impl Store {
    pub(super) fn new(platform: Rc<dyn Platform>, signals: Signals) -> Self {
        Self {
            platform,
            signals,
            me: None,
            wanted_name: None,
            rooms: BTreeMap::new(),
            order: Vec::new(),
            current: None,
            asked: BTreeMap::new(),
            outbox: Outbox::default(),
            outbox_key: None,
            outbox_changed: false,
            status: Status::Idle,
            watch: ConnectionWatch::default(),
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

    /// The sender of own messages that are not stored yet.
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
    pub(super) fn be(&mut self, me: SavedIdentity) {
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

    /// Sends a request. Returns whether there is a connection.
    pub(super) fn ask(&mut self, asked: PendingRequest, command: Command) -> bool {
        if self.status != Status::Live {
            return false;
        }
        let Some(id) = self.platform.ask(command) else { return false };
        self.asked.insert(id, (asked, self.platform.steady_ms() + ANSWER_MS));
        true
    }

    /// Joins a room, from the last position seen if there is one.
    pub(super) fn join(&mut self, room: &Room) {
        let open = self.current.as_ref() == Some(room);
        let Some(state) = self.rooms.get_mut(room) else { return };
        if state.joining {
            return;
        }
        state.join_again = None;
        // A room on the screen needs its newest page, a room in the list only what is new.
        let saved = state.saved.head.clone().filter(|_| !open);
        let since = state.timeline.head().cloned().or(saved);
        let asked = PendingRequest::Join { room: room.clone(), since: since.clone() };
        let asked = self.ask(asked, Command::Join(command::Join { room: room.clone(), since }));
        if let Some(state) = self.rooms.get_mut(room) {
            state.joining = asked;
        }
    }

    /// Adds a room to the joined ones.
    pub(super) fn add_room(&mut self, room: &Room, saved: SavedRoom) {
        if self.rooms.contains_key(room) {
            return;
        }
        let signals = Arc::new(RoomSignals::new(room.clone()));
        signals.unread.set(saved.unread);
        signals.draft.set(saved::draft(&*self.platform, room));
        self.rooms.insert(room.clone(), RoomState::new(signals, saved));
        self.order.push(room.clone());
        self.mirror(room);
        self.show_rooms();
    }

    pub(super) fn show_rooms(&self) {
        let handles =
            self.order.iter().filter_map(|room| self.rooms.get(room)).map(|state| Arc::clone(&state.signals));
        self.signals.rooms.set(handles.collect());
    }

    /// Marks a room to be drawn and saved.
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
            if matches!(delivery, Delivery::Failed(_)) && !self.alarmed.contains(&entry.nonce) {
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
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("status", &self.status)
            .field("rooms", &self.order)
            .finish_non_exhaustive()
    }
}
