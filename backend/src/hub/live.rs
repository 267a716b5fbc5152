//! One room as this node knows it: its members, its place in the chain, its recent entries. No I/O, no waiting.

pub mod people;
mod slot;
mod waiting;

use std::{mem, sync::Arc};

use shared::{
    event::{Event, Presence, ServerFrame},
    limits,
    person::Person,
    table::Sparse,
    text::{Position, Room, UserId},
};

pub use self::waiting::WAITING;
use self::{
    people::{Difference, People},
    slot::{Held, Slot},
    waiting::Waiting,
};
use super::{
    encoded::{self, EncodedEntry},
    ring::{Budget, Ring},
};
use crate::{
    broker::{StoredEntry, presence::Occupant},
    metrics::Metrics,
    outbox::{Frame, Outbox},
    peer::{Dialect, SessionId},
};

/// One session in a room.
#[derive(Debug, Clone)]
pub struct Member {
    /// Which session.
    pub session: SessionId,
    /// What it speaks.
    pub dialect: Dialect,
    /// Where its frames go.
    pub outbox: Arc<Outbox>,
    /// How others see it; classic clients are not seen.
    pub person: Option<Occupant>,
}

/// The newest entries of a room, and where it stands.
pub type End = (Vec<StoredEntry>, Position);

/// The state of a room.
#[derive(Debug)]
pub struct Live {
    room: Room,
    members: Vec<Slot>,
    people: People,
    /// Who is here on this node changed since the other nodes were told.
    changed: bool,
    chain: Chain,
    ring: Ring,
}

/// Where the room stands.
#[derive(Debug)]
enum Chain {
    /// The newest page is being read; what arrives waits.
    Opening { waiting: Waiting },
    /// Everything up to here was delivered.
    At { last: Position },
    /// Everything up to here was delivered; a hole after it is being read, what arrives waits.
    Repairing { last: Position, waiting: Waiting },
}

/// What came of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Delivered, waiting, or known already.
    Done,
    /// Something is missing before them: the hole has to be read.
    Hole,
}

impl Live {
    /// A room that is being opened.
    pub fn new(room: Room) -> Self {
        let chain = Chain::Opening { waiting: Waiting::default() };
        let (members, people) = (Vec::new(), People::default());
        Self { room, members, people, changed: false, chain, ring: Ring::default() }
    }

    /// Where the room stands; `None` while it is being opened.
    pub fn last(&self) -> Option<&Position> {
        match &self.chain {
            Chain::Opening { .. } => None,
            Chain::At { last } | Chain::Repairing { last, .. } => Some(last),
        }
    }

    /// The recent entries.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Gives the recent entries up.
    pub fn clear_ring(&mut self, budget: &Budget) {
        self.ring.clear(budget);
    }

    /// The newest page was read: the room stands at `last`.
    pub fn open(&mut self, (newest, last): End, budget: &Budget, metrics: &Metrics) -> Outcome {
        let waiting = match mem::replace(&mut self.chain, Chain::At { last }) {
            Chain::Opening { waiting } | Chain::Repairing { waiting, .. } => waiting,
            Chain::At { .. } => Waiting::default(),
        };
        for entry in newest {
            self.ring.push(Arc::new(EncodedEntry::new(entry)), budget);
        }
        let outcome = self.receive(waiting.entries, budget, metrics);
        if waiting.overflowed { Outcome::Hole } else { outcome }
    }

    /// What came before this position and was not seen cannot be had, and does not come any more: it is told as lost.
    pub fn pass_over(&mut self, position: &Position) {
        let known = self.ring.contains(position) || self.waiting().any(|entry| entry.position == *position);
        if let Some(last) = self.last().cloned()
            && last != *position
            && !known
        {
            self.tell_lost(&last, position);
            self.set_last(position.clone());
        }
    }

    /// Takes what the bus brought, in order.
    pub fn receive(&mut self, entries: Vec<StoredEntry>, budget: &Budget, metrics: &Metrics) -> Outcome {
        let mut entries = entries.into_iter();
        for entry in entries.by_ref() {
            match &mut self.chain {
                Chain::Opening { waiting } | Chain::Repairing { waiting, .. } => waiting.push(entry),
                Chain::At { last } if *last == entry.prev => self.append(entry, budget, metrics),
                Chain::At { .. } if self.ring.contains(&entry.position) => {
                    metrics.duplicates.inc();
                }
                Chain::At { last } => {
                    let last = last.clone();
                    let mut waiting = Waiting::default();
                    waiting.push(entry);
                    entries.for_each(|entry| waiting.push(entry));
                    self.chain = Chain::Repairing { last, waiting };
                    return Outcome::Hole;
                }
            }
        }
        Outcome::Done
    }

    /// Starts a repair where none is under way. False when there is nothing to start.
    pub fn begin_repair(&mut self) -> bool {
        match &self.chain {
            Chain::At { last } => {
                self.chain = Chain::Repairing { last: last.clone(), waiting: Waiting::default() };
                true
            }
            Chain::Opening { .. } | Chain::Repairing { .. } => false,
        }
    }

    /// Whether a hole is being read.
    pub fn is_repairing(&self) -> bool {
        matches!(self.chain, Chain::Repairing { .. })
    }

    /// What arrived before a repair read starts, and where the read starts.
    pub fn repair_from(&mut self) -> Option<(Position, Vec<StoredEntry>)> {
        match &mut self.chain {
            Chain::Repairing { last, waiting } => Some((last.clone(), mem::take(waiting).entries)),
            Chain::Opening { .. } | Chain::At { .. } => None,
        }
    }

    /// Delivers a run that was read from the history after [`Live::last`]. A break inside it is told.
    pub fn splice(&mut self, run: Vec<StoredEntry>, budget: &Budget, metrics: &Metrics) {
        for entry in run {
            let Some(last) = self.last().cloned() else { return };
            if self.ring.contains(&entry.position) {
                continue;
            }
            if entry.prev != last {
                self.tell_lost(&last, &entry.prev.clone());
            }
            self.append(entry, budget, metrics);
        }
    }

    /// The history no longer has what came after `kept`: tells the members and goes on from there.
    pub fn roll_back(&mut self, kept: &Position, budget: &Budget) {
        if let Some(last) = self.last().cloned()
            && last != *kept
        {
            self.tell_lost(kept, &last);
            self.ring.roll_back(kept, budget);
            self.set_last(kept.clone());
        }
    }

    /// The read has caught up: what arrived meanwhile follows. `arrived` came before the read started, so what of it
    /// the read did not bring is older than the ring. False when something is missing still and a new round is due.
    pub fn end_repair(&mut self, arrived: Vec<StoredEntry>, budget: &Budget, metrics: &Metrics) -> bool {
        let waiting = match &mut self.chain {
            Chain::Repairing { waiting, .. } => mem::take(waiting),
            Chain::Opening { .. } | Chain::At { .. } => return true,
        };
        for entry in arrived {
            if self.last() == Some(&entry.prev) {
                self.append(entry, budget, metrics);
            }
        }
        let mut missing = Vec::new();
        for entry in waiting.entries {
            if missing.is_empty() && self.last() == Some(&entry.prev) {
                self.append(entry, budget, metrics);
            } else if !missing.is_empty() || !self.ring.contains(&entry.position) {
                missing.push(entry);
            }
        }
        if missing.is_empty() && !waiting.overflowed {
            if let Some(last) = self.last().cloned() {
                self.chain = Chain::At { last };
            }
            return true;
        }
        if let Chain::Repairing { waiting, .. } = &mut self.chain {
            for entry in missing {
                waiting.push(entry);
            }
        }
        false
    }

    /// Adds or renews a member; from now on it gets everything after [`Live::last`]. With `hold` what happens waits
    /// until [`Live::release`].
    pub fn enter(&mut self, member: Member, hold: bool) {
        // Whoever joins again on the same connection was here all the time.
        let id = member.person.as_ref().map(|person| person.id.clone());
        self.change_people(id, |live| {
            live.remove_slot(member.session);
            if let Some(person) = &member.person {
                live.people.add(person);
            }
        });
        self.members.push(Slot { member, held: hold.then(Held::default) });
    }

    /// Gives a joining member its page and what happened meanwhile, in one go.
    pub fn release(&mut self, session: SessionId, page: Frame) {
        if let Some(slot) = self.members.iter_mut().find(|slot| slot.member.session == session) {
            let held = slot.held.take().unwrap_or_default();
            slot.member.outbox.extend(std::iter::once(page).chain(held.frames));
        }
    }

    /// Takes a member away. True when it was the last.
    pub fn leave(&mut self, session: SessionId) -> bool {
        let slot = self.members.iter().find(|slot| slot.member.session == session);
        let id = slot.and_then(|slot| slot.member.person.as_ref()).map(|person| person.id.clone());
        self.change_people(id, |live| drop(live.remove_slot(session)));
        self.members.is_empty()
    }

    /// A person in the room has a new name.
    pub fn rename(&mut self, person: &Occupant) {
        self.change_people(Some(person.id.clone()), |live| {
            let members = live.members.iter_mut().filter_map(|slot| slot.member.person.as_mut());
            for known in members.filter(|known| known.id == person.id && known.named < person.named) {
                known.clone_from(person);
            }
            live.people.rename(person);
        });
    }

    /// Changes what is known of a person on this node; tells the members, and notes whether the other nodes must hear.
    fn change_people(&mut self, id: Option<UserId>, change: impl FnOnce(&mut Self)) {
        let Some(id) = id else { return change(self) };
        let announced = self.people.on_this_node(&id).cloned();
        let before = self.people.shown(&id).map(Occupant::person);
        change(self);
        self.changed |= self.people.on_this_node(&id) != announced.as_ref();
        self.update_people(|people| {
            let mut difference = Difference::default();
            people.compare(id, before.as_ref(), &mut difference);
            difference
        });
    }

    /// What waits to be written to the member for which most waits, in bytes.
    pub fn most_waiting(&self) -> usize {
        self.members.iter().map(|slot| slot.member.outbox.waiting()).max().unwrap_or_default()
    }

    /// Whether nobody is in the room.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Who is in the room, on whichever node.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Whether who is here changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        mem::take(&mut self.changed)
    }

    /// Something came of what other nodes say, or do not say any more: tells the members.
    pub fn update_people(&mut self, heard: impl FnOnce(&mut People) -> Difference) {
        let (came, went) = heard(&mut self.people);
        if !(came.is_empty() && went.is_empty()) {
            self.tell_presence(came, went);
        }
    }

    fn append(&mut self, entry: StoredEntry, budget: &Budget, metrics: &Metrics) {
        let encoded = Arc::new(EncodedEntry::new(entry));
        for slot in &mut self.members {
            let frame = encoded.frame(&self.room, slot.member.dialect);
            if !frame.is_empty() {
                slot.push(frame);
            }
        }
        metrics.deliveries.inc_by(self.members.len() as u64);
        self.set_last(encoded.entry.position.clone());
        if let Some(change) = &encoded.entry.change {
            self.ring.amend(change, budget);
        }
        self.ring.push(encoded, budget);
    }

    fn waiting(&self) -> impl Iterator<Item = &StoredEntry> {
        let waiting = match &self.chain {
            Chain::Opening { waiting } | Chain::Repairing { waiting, .. } => Some(waiting),
            Chain::At { .. } => None,
        };
        waiting.into_iter().flat_map(|waiting| &waiting.entries)
    }

    fn set_last(&mut self, position: Position) {
        match &mut self.chain {
            Chain::At { last } | Chain::Repairing { last, .. } => *last = position,
            Chain::Opening { .. } => {}
        }
    }

    fn tell_lost(&mut self, after: &Position, through: &Position) {
        for slot in &mut self.members {
            let frame = encoded::lost(&self.room, slot.member.dialect, after, through);
            slot.push(frame);
        }
    }

    /// Who came and went, told while a room is small enough for it to mean something.
    fn tell_presence(&mut self, came: Vec<Person>, went: Vec<UserId>) {
        let here = self.people.count();
        if here > limits::PEOPLE_LISTED as u64 {
            return;
        }
        let presence = Presence { room: self.room.clone(), here, came: Sparse(came), went: Sparse(went) };
        let event = Event::Presence(presence);
        let frame = Frame::from(ServerFrame::Event(event).encode());
        for slot in self.members.iter_mut().filter(|slot| slot.member.dialect == Dialect::V1) {
            slot.push(frame.clone());
        }
    }

    fn remove_slot(&mut self, session: SessionId) -> Option<Member> {
        let at = self.members.iter().position(|slot| slot.member.session == session)?;
        let member = self.members.swap_remove(at).member;
        if let Some(person) = &member.person {
            self.people.remove(&person.id);
        }
        Some(member)
    }
}

#[cfg(test)]
mod tests;
