//! What the server says, applied: exhaustive matches that only delegate.

use leptos::prelude::*;
use shared::{
    close::CloseReason,
    command::Command,
    error::{ErrorCode, ProtocolError, Retry},
    event::{Event, Joined, Page, Reply, ServerFrame, Welcome},
    message::Person,
    text::{Name, Nonce, Position, Room, UserId},
};

use super::{
    Chat,
    desk::{Asked, Desk},
    here::put_arc,
    kept::{self, Identity},
    outbox::Seen,
};
use crate::{
    browser::letters,
    few,
    net::{
        Owner, backoff,
        machine::{Input, Status},
    },
};

impl Owner for Chat {
    fn hello(&self) -> Option<Command> {
        // Another tab may have a newer token or name by now.
        self.with(|desk| {
            let kept = kept::identity(&*desk.world).or_else(|| desk.me.clone())?;
            Some(Command::Hello { name: kept.name, token: kept.token })
        })
    }

    fn status(&self, status: Status) {
        self.with(|desk| desk.connection_is(status));
    }

    fn frame(&self, frame: ServerFrame) {
        self.with(|desk| match frame {
            ServerFrame::Reply(id, reply) => {
                let asked = desk.asked.remove(&id).map(|(asked, _)| asked);
                desk.reply(asked, reply);
            }
            ServerFrame::Event(event) => desk.event(event),
        });
    }

    fn round_trip(&self, ms: u64) {
        self.with(|desk| desk.signals.link.update(|link| link.round_trip_ms = Some(ms)));
    }
}

impl Desk {
    fn reply(&mut self, asked: Option<Asked>, reply: Reply) {
        match (reply, asked) {
            (Reply::Welcome(welcome), _) => self.welcome(welcome),
            (Reply::Forgotten(welcome), _) => self.be_welcome(welcome),
            (Reply::Joined(joined), Some(Asked::Join { since, .. })) => self.joined(joined, since.as_ref()),
            (Reply::Sent { position, duplicate, .. }, Some(Asked::Send(nonce))) => {
                self.sent(&nonce, position, duplicate);
            }
            (Reply::Page(page), Some(asked)) => self.page(page, asked),
            (Reply::Renamed { name }, _) => self.renamed(name),
            (Reply::Error(error), Some(asked)) => self.refused(asked, &error),
            // An answer to nothing that is asked any more, or of a kind that came after this page was built.
            (
                Reply::Joined(_)
                | Reply::Sent { .. }
                | Reply::Page(_)
                | Reply::Error(_)
                | Reply::Left { .. }
                | Reply::Pong
                | Reply::Unknown,
                _,
            ) => {}
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Message { room, message } => self.arrived(&room, message),
            Event::Lost { room, after, through: _ } => self.lost(&room, after),
            Event::Presence { room, here, came, went } => self.presence(&room, here, came, &went),
            Event::Move { after_ms } => self.world.connection(Input::Move(after_ms)),
            Event::Status { ready } => {
                self.watch.ready(ready);
                self.signals.link.update(|link| link.ready = ready);
            }
            // The server logs its own trouble; there is nothing here that a person could do about it.
            Event::Error(_) | Event::Unknown => {}
        }
    }

    fn connection_is(&mut self, status: Status) {
        let now = self.world.steady_ms();
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
            for here in self.rooms.values_mut() {
                here.joining = false;
                here.join_again = None;
                put_arc(&here.open.loading_older, false);
                put_arc(&here.open.loading_newer, false);
            }
            self.mirror_all();
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        self.signals.link.update(|link| link.node = Some(welcome.node.clone()));
        self.be_welcome(welcome);
        // First the room that is looked at, then those in which something waits to be sent.
        let mut rooms = self.order.clone();
        let rank = |room: &Room| (self.current.as_ref() != Some(room), self.outbox.of(room).next().is_none());
        few::sort(&mut rooms, |a, b| rank(a) < rank(b));
        for room in rooms {
            self.join(&room);
        }
    }

    fn be_welcome(&mut self, welcome: Welcome) {
        let Welcome { user, name, token, .. } = welcome;
        self.be(Identity { name, user: Some(user), token: Some(token) });
    }

    /// The person asked to be forgotten, somewhere else. Another tab of this browser may have gone on as somebody new:
    /// then this one does so, too. Else the first question is asked again.
    fn be_forgotten(&mut self) {
        let kept = kept::identity(&*self.world).filter(|kept| kept.user.as_ref() != self.user());
        if let Some(kept) = kept {
            self.be(kept);
            self.world.connection(Input::TryNow);
            return;
        }
        kept::drop_identity(&*self.world);
        self.me = None;
        self.world.connection(Input::Stop);
        self.signals.forgotten.set(true);
        self.signals.me.set(None);
    }

    fn renamed(&mut self, name: Name) {
        if let Some(me) = self.me.clone() {
            self.be(Identity { name, ..me });
        }
    }

    fn joined(&mut self, mut joined: Joined, since: Option<&Position>) {
        let user = self.user().cloned();
        let wall = self.world.now_ms();
        let room = joined.room.clone();
        let open = self.current.as_ref() == Some(&room);
        let watched = self.world.is_watched();
        let Some(here) = self.rooms.get_mut(&room) else { return };
        here.joining = false;
        put_arc(&here.open.refused, None);
        put_arc(&here.open.here, joined.here);
        let mut people = std::mem::take(&mut joined.people);
        sort(&mut people);
        put_arc(&here.open.people, people);

        joined.recovered &= since.is_some();
        let went_on = here.timeline.head().is_some();
        if !(joined.recovered && went_on) {
            here.seen_since = Some(wall);
        }
        let mut known: Vec<Position> =
            joined.messages.iter().map(|message| message.position.clone()).collect();
        known.extend(since.filter(|_| joined.recovered).cloned());
        let from_start =
            joined.position.is_start() || joined.messages.first().is_some_and(|first| first.n == 1);
        let foreign = |message: &&shared::message::Message| user.as_ref() != Some(&message.sender.id);
        let missed = joined
            .messages
            .iter()
            .filter(foreign)
            .filter(|message| !here.timeline.knows(&message.position))
            .count();
        let struck: Vec<Nonce> = joined
            .messages
            .iter()
            .filter(|message| self.outbox.strike_seen(message, user.as_ref()))
            .map(|message| message.nonce.clone())
            .collect();
        self.outbox_changed |= !struck.is_empty();

        let position = joined.position.clone();
        let resumed = joined.recovered;
        here.timeline.joined(joined, user.as_ref());
        for nonce in &struck {
            here.timeline.forget(nonce);
        }
        if here.kept.read.is_none() {
            here.kept.read = Some(position);
        } else if went_on || resumed {
            here.open.unread.update(|unread| *unread += missed);
        } else {
            let unread = here.timeline.unread_after(here.kept.read.as_ref(), user.as_ref());
            put_arc(&here.open.unread, unread);
        }
        if open && here.open.unread.get_untracked() > 0 && !(went_on && watched) {
            let read = here.kept.read.clone();
            here.timeline.mark_since(read.as_ref(), user.as_ref());
        }
        if went_on {
            self.watch.missed(missed);
            if open && missed > 0 && !here.timeline.is_at_end() {
                here.open.below.update(|below| *below += missed);
            }
        }
        let since = here.seen_since.unwrap_or(wall);
        let seen = Seen { since, knows: |position: &Position| known.contains(position), from_start };
        self.outbox.entered(&room, user.as_ref(), wall, &seen);
        self.outbox_changed = true;
        put_arc(&here.open.loaded, true);
        self.mirror(&room);
        self.touch(&room);
        if open {
            self.fill();
        }
    }

    fn sent(&mut self, nonce: &Nonce, position: Position, duplicate: bool) {
        let Some(entry) = self.outbox.strike(nonce) else { return };
        self.outbox_changed = true;
        if let Some(here) = self.rooms.get_mut(&entry.room) {
            if duplicate && !here.timeline.knows(&position) {
                // An earlier try was stored before the messages that are shown.
                here.timeline.forget(nonce);
            } else {
                here.timeline.stored(nonce, position);
            }
        }
        self.touch(&entry.room);
    }

    fn page(&mut self, page: Page, asked: Asked) {
        let user = self.user().cloned();
        for message in &page.messages {
            if self.outbox.strike_seen(message, user.as_ref()) {
                self.outbox_changed = true;
            }
        }
        let room = page.room.clone();
        let Some(here) = self.rooms.get_mut(&room) else { return };
        let nonces: Vec<Nonce> = page.messages.iter().map(|message| message.nonce.clone()).collect();
        match asked {
            Asked::Older { anchor, .. } => {
                put_arc(&here.open.loading_older, false);
                here.timeline.older_page(page, &anchor, user.as_ref());
            }
            Asked::Newer { anchor, .. } => {
                put_arc(&here.open.loading_newer, false);
                here.timeline.newer_page(page, &anchor, user.as_ref());
            }
            Asked::Around(_) => {
                put_arc(&here.open.loading_older, false);
                here.timeline.around_page(page, user.as_ref());
            }
            Asked::Join { .. } | Asked::Leave | Asked::Send(_) | Asked::Rename | Asked::Forget => {}
        }
        for nonce in nonces.iter().filter(|nonce| self.outbox.find(nonce).is_none()) {
            here.timeline.forget(nonce);
        }
        self.touch(&room);
    }

    fn lost(&mut self, room: &Room, after: Position) {
        let wall = self.world.now_ms();
        if let Some(here) = self.rooms.get_mut(room) {
            here.timeline.lost(after);
            here.seen_since = Some(wall);
        }
        self.touch(room);
    }

    fn presence(&mut self, room: &Room, count: u64, came: Vec<Person>, went: &[UserId]) {
        let Some(here) = self.rooms.get_mut(room) else { return };
        put_arc(&here.open.here, count);
        here.open.people.update(|people| {
            people.retain(|person| {
                !went.contains(&person.id) && came.iter().all(|other| other.id != person.id)
            });
            people.extend(came);
            sort(people);
        });
    }

    fn refused(&mut self, asked: Asked, error: &ProtocolError) {
        let now = self.world.steady_ms();
        match asked {
            Asked::Join { room, .. } => {
                let wait = error.retry_after_ms.unwrap_or_else(|| backoff::wait_ms(2, self.world.random()));
                let Some(here) = self.rooms.get_mut(&room) else { return };
                here.joining = false;
                let again = error.code.retry() == Retry::SameNonce;
                here.join_again = again.then_some(now + wait);
                let told =
                    !again || matches!(error.code, ErrorCode::TooManyNewRooms | ErrorCode::RateLimited);
                put_arc(&here.open.refused, told.then_some(error.code));
            }
            Asked::Send(nonce) => {
                let Some(room) = self.outbox.find(&nonce).map(|entry| entry.room.clone()) else { return };
                self.outbox.refused(&nonce, error, self.world.now_ms(), self.world.random());
                self.outbox_changed = true;
                self.mirror(&room);
            }
            Asked::Older { room, .. } | Asked::Newer { room, .. } | Asked::Around(room) => {
                if let Some(here) = self.rooms.get(&room) {
                    put_arc(&here.open.loading_older, false);
                    put_arc(&here.open.loading_newer, false);
                }
            }
            Asked::Rename | Asked::Forget => self.signals.alarm.set(error.message.clone()),
            Asked::Leave => {}
        }
    }

    /// No answer came in time although the connection seems to be alive.
    pub(super) fn unanswered(&mut self, asked: Asked) {
        self.refused(asked, &ProtocolError::new(ErrorCode::Timeout, "The server does not answer"));
    }
}

/// By name, whatever its case.
fn sort(people: &mut Vec<Person>) {
    let named =
        std::mem::take(people).into_iter().map(|person| (letters::lower(person.name.as_str()), person));
    let mut named: Vec<(String, Person)> = named.collect();
    few::sort(&mut named, |(a, person_a), (b, person_b)| (a, &person_a.id) < (b, &person_b.id));
    people.extend(named.into_iter().map(|(_, person)| person));
}
