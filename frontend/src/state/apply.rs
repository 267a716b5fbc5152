//! What the server says, applied: exhaustive matches that only delegate.

use leptos::prelude::*;
use shared::{
    close::CloseReason,
    command::{self, Command},
    entry::Message,
    error::{ErrorCode, ProtocolError, Retry},
    event::{self, Event, Joined, Lost, Move, Page, Presence, Renamed, Reply, Sent, ServerFrame, Welcome},
    person::Person,
    table::Sparse,
    text::{Name, Nonce, Position, Room},
};

use super::{
    chat::Chat,
    outbox::Seen,
    room_state::put_arc,
    saved::{self, SavedIdentity},
    store::{PendingRequest, Store},
};
use crate::net::{
    backoff,
    handler::Handler,
    machine::{Input, Status},
};

impl Handler for Chat {
    fn hello(&self) -> Option<Command> {
        // Another tab may have a newer token or name by now.
        self.with(|store| {
            let kept = saved::identity(&*store.platform).or_else(|| store.me.clone())?;
            Some(Command::Hello(command::Hello { name: kept.name, token: kept.token }))
        })
    }

    fn status(&self, status: Status) {
        self.with(|store| store.connection_is(status));
    }

    fn frame(&self, frame: ServerFrame) {
        self.with(|store| match frame {
            ServerFrame::Reply(id, reply) => {
                let asked = store.asked.remove(&id).map(|(asked, _)| asked);
                store.reply(asked, reply);
            }
            ServerFrame::Event(event) => store.event(event),
        });
    }

    fn round_trip(&self, ms: u64) {
        self.with(|store| store.signals.link.update(|link| link.round_trip_ms = Some(ms)));
    }
}

impl Store {
    fn reply(&mut self, asked: Option<PendingRequest>, reply: Reply) {
        match (reply, asked) {
            (Reply::Welcome(welcome), _) => self.welcome(welcome),
            (Reply::Forgotten(welcome), _) => self.be_welcome(welcome),
            (Reply::Joined(joined), Some(PendingRequest::Join { since, .. })) => {
                self.joined(joined, since.as_ref());
            }
            (Reply::Sent(Sent { position, duplicate, .. }), Some(PendingRequest::Send(nonce))) => {
                self.sent(&nonce, position, duplicate);
            }
            (Reply::Page(page), Some(asked)) => self.page(page, asked),
            (Reply::Renamed(Renamed { name }), _) => self.renamed(name),
            (Reply::Error(error), Some(asked)) => self.refused(asked, &error),
            // An answer to nothing that is asked any more, or of a kind that came after this page was built.
            (
                Reply::Joined(_)
                | Reply::Sent(_)
                | Reply::Page(_)
                | Reply::Error(_)
                | Reply::Left(_)
                | Reply::Pong
                | Reply::Unknown,
                _,
            ) => {}
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Message(happened) | Event::Entry(happened) => self.arrived(happened),
            Event::Lost(Lost { room, after, through: _ }) => self.lost(&room, after),
            Event::Presence(presence) => self.presence(presence),
            Event::Move(Move { after_ms }) => self.platform.connection(Input::Move(after_ms)),
            Event::Status(event::Status { ready }) => {
                self.watch.ready(ready);
                self.signals.link.update(|link| link.ready = ready);
            }
            // The server logs its own trouble; there is nothing here that a person could do about it.
            Event::Error(_) | Event::Unknown => {}
        }
    }

    fn connection_is(&mut self, status: Status) {
        let now = self.platform.steady_ms();
        let was = std::mem::replace(&mut self.status, status);
        self.watch.status(status, now);
        self.signals.link.update(|link| {
            link.status = status;
            if status == Status::Live {
                link.ready = true;
            } else {
                link.round_trip_ms = None;
            }
        });
        if status == (Status::Ended { code: CloseReason::Forgotten.code() }) {
            self.be_forgotten();
        } else if matches!(status, Status::Ended { .. }) {
            self.signals.alarm.set("The connection has ended".to_owned());
        }
        if was == Status::Live && status != Status::Live {
            self.asked.clear();
            self.outbox.cut(None);
            for state in self.rooms.values_mut() {
                state.joining = false;
                state.join_again = None;
                put_arc(&state.signals.loading_older, false);
                put_arc(&state.signals.loading_newer, false);
            }
            self.mirror_all();
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        self.signals.link.update(|link| link.node = Some(welcome.node.clone()));
        self.be_welcome(welcome);
        // A person keeps the name that the server has of them, whatever `hello` says.
        let unconfirmed = self.wanted_name.clone().zip(self.me.clone());
        if let Some((name, me)) = unconfirmed.filter(|(name, me)| me.name != *name) {
            self.be(SavedIdentity { name: name.clone(), ..me });
            self.ask(PendingRequest::Rename, Command::Rename(command::Rename { name }));
        }
        // First the room that is looked at, then those in which something waits to be sent.
        let mut rooms = self.order.clone();
        let rank = |room: &Room| (self.current.as_ref() != Some(room), self.outbox.of(room).next().is_none());
        rooms.sort_by_key(rank);
        for room in rooms {
            self.join(&room);
        }
    }

    fn be_welcome(&mut self, welcome: Welcome) {
        let Welcome { user, name, token, .. } = welcome;
        self.be(SavedIdentity { name, user: Some(user), token: Some(token) });
    }

    /// The person asked to be forgotten, somewhere else. Another tab of this browser may have gone on as somebody new:
    /// then this one does so, too. Else the first question is asked again.
    fn be_forgotten(&mut self) {
        let kept = saved::identity(&*self.platform).filter(|kept| kept.user.as_ref() != self.user());
        if let Some(kept) = kept {
            self.be(kept);
            self.platform.connection(Input::TryNow);
            return;
        }
        saved::drop_identity(&*self.platform);
        self.me = None;
        self.platform.connection(Input::Stop);
        self.signals.forgotten.set(true);
        self.signals.me.set(None);
    }

    fn renamed(&mut self, name: Name) {
        self.wanted_name = None;
        if let Some(me) = self.me.clone() {
            self.be(SavedIdentity { name, ..me });
        }
    }

    fn joined(&mut self, mut joined: Joined, since: Option<&Position>) {
        let user = self.user().cloned();
        let wall = self.platform.now_ms();
        let room = joined.room.clone();
        let open = self.current.as_ref() == Some(&room);
        let watched = self.platform.is_watched();
        let Some(state) = self.rooms.get_mut(&room) else { return };
        state.joining = false;
        put_arc(&state.signals.refused, None);
        put_arc(&state.signals.here, joined.here);
        let mut people = std::mem::take(&mut joined.people);
        sort(&mut people);
        put_arc(&state.signals.people, people);

        joined.recovered &= since.is_some();
        let went_on = state.timeline.head().is_some();
        if !(joined.recovered && went_on) {
            state.seen_since = Some(wall);
        }
        let mut known: Vec<Position> = joined.entries.iter().map(|entry| entry.position.clone()).collect();
        known.extend(since.filter(|_| joined.recovered).cloned());
        let from_start =
            joined.position.is_start() || joined.entries.first().is_some_and(|first| first.prev.is_start());
        let foreign = |message: &&Message| user.as_ref() != Some(&message.sender.id);
        let messages = joined.entries.messages();
        let missed = messages
            .iter()
            .filter(foreign)
            .filter(|message| !state.timeline.knows(&message.position))
            .count();
        let struck: Vec<Nonce> = messages
            .iter()
            .filter(|message| self.outbox.strike_seen(message, user.as_ref()))
            .map(|message| message.nonce.clone())
            .collect();
        self.outbox_changed |= !struck.is_empty();

        let position = joined.position.clone();
        let resumed = joined.recovered;
        state.timeline.joined(joined, user.as_ref());
        for nonce in &struck {
            state.timeline.forget(nonce);
        }
        if state.saved.read.is_none() {
            state.saved.read = Some(position);
        } else if went_on || resumed {
            state.signals.unread.update(|unread| *unread += missed);
        } else {
            let unread = state.timeline.unread_after(state.saved.read.as_ref(), user.as_ref());
            put_arc(&state.signals.unread, unread);
        }
        if open && state.signals.unread.get_untracked() > 0 && !(went_on && watched) {
            let read = state.saved.read.clone();
            state.timeline.mark_since(read.as_ref(), user.as_ref());
        }
        if went_on {
            self.watch.missed(missed);
            if open && missed > 0 && !state.timeline.is_at_end() {
                state.signals.below.update(|below| *below += missed);
            }
        }
        let since = state.seen_since.unwrap_or(wall);
        let seen = Seen { since, knows: |position: &Position| known.contains(position), from_start };
        self.outbox.entered(&room, user.as_ref(), wall, &seen);
        self.outbox_changed = true;
        put_arc(&state.signals.loaded, true);
        self.mirror(&room);
        self.touch(&room);
        if open {
            self.fill();
        }
    }

    fn sent(&mut self, nonce: &Nonce, position: Position, duplicate: bool) {
        let Some(entry) = self.outbox.strike(nonce) else { return };
        self.outbox_changed = true;
        if let Some(state) = self.rooms.get_mut(&entry.room) {
            if duplicate && !state.timeline.knows(&position) {
                // An earlier try was stored before the messages that are shown.
                state.timeline.forget(nonce);
            } else {
                state.timeline.stored(nonce, position);
            }
        }
        self.touch(&entry.room);
    }

    fn page(&mut self, page: Page, asked: PendingRequest) {
        let user = self.user().cloned();
        let messages = page.entries.messages();
        for message in &messages {
            if self.outbox.strike_seen(message, user.as_ref()) {
                self.outbox_changed = true;
            }
        }
        let room = page.room.clone();
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let nonces: Vec<Nonce> = messages.iter().map(|message| message.nonce.clone()).collect();
        match asked {
            PendingRequest::Older { anchor, .. } => {
                put_arc(&state.signals.loading_older, false);
                state.timeline.older_page(page, &anchor, user.as_ref());
            }
            PendingRequest::Newer { anchor, .. } => {
                put_arc(&state.signals.loading_newer, false);
                state.timeline.newer_page(page, &anchor, user.as_ref());
            }
            PendingRequest::Around(_) => {
                put_arc(&state.signals.loading_older, false);
                state.timeline.around_page(page, user.as_ref());
            }
            PendingRequest::Join { .. }
            | PendingRequest::Leave
            | PendingRequest::Send(_)
            | PendingRequest::Rename
            | PendingRequest::Forget
            | PendingRequest::React => {}
        }
        for nonce in nonces.iter().filter(|nonce| self.outbox.find(nonce).is_none()) {
            state.timeline.forget(nonce);
        }
        self.touch(&room);
    }

    fn lost(&mut self, room: &Room, after: Position) {
        let wall = self.platform.now_ms();
        if let Some(state) = self.rooms.get_mut(room) {
            state.timeline.lost(after);
            state.seen_since = Some(wall);
        }
        self.touch(room);
    }

    fn presence(&mut self, presence: Presence) {
        let Presence { room, here: count, came: Sparse(came), went: Sparse(went) } = presence;
        let Some(state) = self.rooms.get_mut(&room) else { return };
        put_arc(&state.signals.here, count);
        state.signals.people.update(|people| {
            people.retain(|person| {
                !went.contains(&person.id) && came.iter().all(|other| other.id != person.id)
            });
            people.extend(came);
            sort(people);
        });
    }

    fn refused(&mut self, asked: PendingRequest, error: &ProtocolError) {
        let now = self.platform.steady_ms();
        match asked {
            PendingRequest::Join { room, .. } => {
                let wait =
                    error.retry_after_ms.unwrap_or_else(|| backoff::wait_ms(2, self.platform.random()));
                let Some(state) = self.rooms.get_mut(&room) else { return };
                state.joining = false;
                let again = error.code.retry() == Retry::SameNonce;
                state.join_again = again.then_some(now + wait);
                let told =
                    !again || matches!(error.code, ErrorCode::TooManyNewRooms | ErrorCode::RateLimited);
                put_arc(&state.signals.refused, told.then_some(error.code));
            }
            PendingRequest::Send(nonce) => {
                let Some(room) = self.outbox.find(&nonce).map(|entry| entry.room.clone()) else { return };
                self.outbox.refused(&nonce, error, self.platform.now_ms(), self.platform.random());
                self.outbox_changed = true;
                self.mirror(&room);
            }
            PendingRequest::Older { room, .. }
            | PendingRequest::Newer { room, .. }
            | PendingRequest::Around(room) => {
                if let Some(state) = self.rooms.get(&room) {
                    put_arc(&state.signals.loading_older, false);
                    put_arc(&state.signals.loading_newer, false);
                }
            }
            PendingRequest::Rename | PendingRequest::Forget | PendingRequest::React => {
                self.signals.alarm.set(error.message.clone());
            }
            PendingRequest::Leave => {}
        }
    }

    /// No answer came in time although the connection seems to be alive.
    pub(super) fn unanswered(&mut self, asked: PendingRequest) {
        self.refused(asked, &ProtocolError::new(ErrorCode::Timeout, "The server does not answer"));
    }
}

/// By name, whatever its case.
fn sort(people: &mut [Person]) {
    people.sort_by_cached_key(|person| (person.name.as_str().to_lowercase(), person.id.clone()));
}
