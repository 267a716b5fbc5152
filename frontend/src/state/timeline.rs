//! The messages of one room as the page shows them: plain data, no browser, no signals.
//!
//! The server's order is the order. What is shown is a window onto the history, cut at the end that the reader is
//! far from; while the window does not reach the newest message, the newest ones wait in the tail.

mod draw;
mod page;
pub mod rows;

use std::collections::VecDeque;

use shared::{
    entry::{Entry, Message},
    person::Sender,
    text::{Body, Nonce, Position, UserId},
};

use self::rows::{Break, Delivery};

/// Most messages that a timeline shows at once, and so has in the DOM.
pub const WINDOW: usize = 300;

/// By how many [`WINDOW`] may be exceeded before it is cut back, so that cutting is rare.
pub const SLACK: usize = 20;

/// How many of the newest messages are kept beside a window that does not reach them, and of a room in the
/// background.
pub const TAIL: usize = 100;

/// The messages of one room.
#[derive(Debug, Default)]
pub struct Timeline {
    /// What is shown, oldest first.
    window: VecDeque<Item>,
    /// While detached: the newest messages, up to [`TAIL`], oldest first. May overlap with the window.
    tail: VecDeque<Item>,
    /// The window does not reach the newest message.
    detached: bool,
    /// The room has older messages than the first of the window.
    older: bool,
    /// Own messages that have no place yet, in the order of writing.
    own: Vec<Own>,
    /// The last position seen, shown or not: where a resume starts.
    head: Option<Position>,
    /// The first unread message: the line stands above it.
    since: Option<Position>,
    /// The reader looks at the end, so that rows may go at the beginning.
    at_end: bool,
    last_id: u64,
}

#[derive(Debug, Clone)]
enum Item {
    Message(Shown),
    /// An entry that has no row of its own. It keeps the chain whole.
    Place(Entry),
    Break(u64, Break),
}

/// A message with its row.
#[derive(Debug, Clone)]
struct Shown {
    id: u64,
    message: Message,
    fresh: bool,
}

#[derive(Debug)]
struct Own {
    id: u64,
    nonce: Nonce,
    body: Body,
    at: u64,
    sender: Sender,
    state: Delivery,
    position: Option<Position>,
}

/// What became of a message that arrived unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is the next one.
    New,
    /// It was seen before.
    Known,
    /// Something before it was not seen. It was not taken: resume from [`Timeline::head`].
    Gap,
}

impl Timeline {
    /// The last position seen: where a resume starts. `None` before the room was entered.
    pub fn head(&self) -> Option<&Position> {
        self.head.as_ref()
    }

    /// Whether nothing was ever said, as far as is known.
    pub fn is_empty(&self) -> bool {
        self.window.is_empty() && self.own.is_empty()
    }

    /// Whether there are older messages than those shown.
    pub fn has_older(&self) -> bool {
        self.older
    }

    /// Whether there are newer messages than those shown.
    pub fn has_newer(&self) -> bool {
        self.detached
    }

    /// Whether the reader looks at the end of the log.
    pub fn set_at_end(&mut self, at_end: bool) {
        self.at_end = at_end;
    }

    /// Whether the reader looks at the newest message.
    pub fn is_at_end(&self) -> bool {
        self.at_end && !self.detached
    }

    /// How many messages are shown.
    pub fn len(&self) -> usize {
        self.window.len()
    }

    /// Takes the next entry of the room, as an event brings it.
    pub fn arrived(&mut self, entry: Entry, me: Option<&UserId>, fresh: bool) -> Arrival {
        let Some(head) = &self.head else { return Arrival::Known };
        let next = entry.prev == *head;
        if entry.position == *head || self.ends_with(&entry.position) {
            // A page that was asked for came before the event.
            if next {
                self.head = Some(entry.position);
            }
            return Arrival::Known;
        }
        if !next {
            return Arrival::Gap;
        }
        self.push(entry, me, fresh);
        Arrival::New
    }

    /// Goes on from `after`: what was said behind it is gone from the server, whether or not it was seen.
    pub fn lost(&mut self, after: Position) {
        self.settle_own();
        self.push_break(Break::Lost);
        self.head = Some(after);
    }

    /// Shows an own message that is not stored yet, below everything else.
    pub fn write(&mut self, nonce: Nonce, body: Body, at: u64, sender: Sender, state: Delivery) {
        if self.own.iter().any(|own| own.nonce == nonce) {
            return;
        }
        let id = self.new_id();
        self.own.push(Own { id, nonce, body, at, sender, state, position: None });
    }

    /// The person at this page is somebody else, or called something else: what waits will be theirs.
    pub fn be(&mut self, sender: &Sender) {
        for own in self.own.iter_mut().filter(|own| own.position.is_none()) {
            own.sender = sender.clone();
        }
    }

    /// Changes how far an own message has come.
    pub fn set_state(&mut self, nonce: &Nonce, state: Delivery) {
        if let Some(own) = self.own.iter_mut().find(|own| own.nonce == *nonce) {
            own.state = state;
        }
    }

    /// An own message is stored, its event may have come before or is still to come. Its row stays as it is.
    pub fn stored(&mut self, nonce: &Nonce, position: Position) {
        if self.knows(&position) {
            self.forget(nonce);
        } else if let Some(own) = self.own.iter_mut().find(|own| own.nonce == *nonce) {
            own.state = Delivery::Stored;
            own.position = Some(position);
        }
    }

    /// Takes an own message away that was not sent.
    pub fn forget(&mut self, nonce: &Nonce) {
        self.own.retain(|own| own.nonce != *nonce);
    }

    /// Puts the "New since" line above the first message behind `read` that somebody else said. `read` may have left
    /// the window: then above the first one of it. Nothing happens if there is no such message or the line is there.
    pub fn mark_since(&mut self, read: Option<&Position>, me: Option<&UserId>) {
        if self.since.is_some() {
            return;
        }
        let foreign = |shown: &&Shown| !is(&shown.message, me);
        let first = behind(&self.window, read).find(foreign).map(|shown| shown.message.position.clone());
        self.since = first;
    }

    /// Takes the "New since" line away; whether it was there.
    pub fn clear_since(&mut self) -> bool {
        self.since.take().is_some()
    }

    /// Whether the "New since" line is set.
    pub fn has_since(&self) -> bool {
        self.since.is_some()
    }

    /// Messages of others behind a position, among those kept; all of them if it is not among them.
    pub fn unread_after(&self, read: Option<&Position>, me: Option<&UserId>) -> usize {
        behind(self.ending(), read).filter(|shown| !is(&shown.message, me)).count()
    }

    /// Whether a position is among the messages kept.
    pub fn knows(&self, position: &Position) -> bool {
        self.window.iter().chain(&self.tail).rev().any(|item| item.stands_at(position))
    }

    /// Whether a position is among the messages up to the newest one.
    fn ends_with(&self, position: &Position) -> bool {
        self.ending().iter().rev().any(|item| item.stands_at(position))
    }

    /// The messages up to the newest one.
    fn ending(&self) -> &VecDeque<Item> {
        if self.detached { &self.tail } else { &self.window }
    }

    /// Shows the newest messages; whether they were not shown.
    pub fn jump_to_newest(&mut self) -> bool {
        if !std::mem::take(&mut self.detached) {
            return false;
        }
        self.window = std::mem::take(&mut self.tail);
        self.older = true;
        true
    }

    /// Keeps no more than a room in the background needs. A window that the reader left in the middle stays.
    pub fn rest(&mut self) {
        if !self.detached && self.at_end {
            self.cut_front(TAIL);
        }
        for item in &mut self.window {
            if let Item::Message(shown) = item {
                shown.fresh = false;
            }
        }
    }

    /// Own messages that are known to be stored have their place in the history by now, or are lost with its end: they
    /// do not stand below it any longer.
    fn settle_own(&mut self) {
        self.own.retain(|own| own.position.is_none());
    }

    fn push(&mut self, entry: Entry, me: Option<&UserId>, fresh: bool) {
        if self.ending().back().and_then(Item::place).is_some_and(|(last, _)| *last != entry.prev) {
            // What stands there last was taken from the server's history meanwhile.
            self.push_break(Break::Lost);
        }
        self.head = Some(entry.position.clone());
        let item = self.item(entry, me, fresh);
        self.add(item);
    }

    /// Puts an item behind the newest one, within the bounds of window and tail.
    fn add(&mut self, item: Item) {
        if !self.detached && !self.at_end && self.window.len() >= WINDOW + SLACK {
            // Someone reads up there: rather show nothing new than take away what is read.
            self.detach();
        }
        if self.detached {
            self.tail.push_back(item);
            self.bound_tail();
        } else {
            self.window.push_back(item);
            self.bound_front();
        }
    }

    fn push_break(&mut self, kind: Break) {
        let id = self.new_id();
        if self.ending().back().and_then(Item::place).is_some() {
            self.add(Item::Break(id, kind));
        }
    }

    /// An entry as an item. A message keeps the number that it has, if it is an own one that waits or is kept already.
    fn item(&mut self, entry: Entry, me: Option<&UserId>, fresh: bool) -> Item {
        let Some(message) = entry.message() else { return Item::Place(entry) };
        let own = self.own.iter().position(|own| own.nonce == message.nonce && is(&message, me));
        let kept = || self.window.iter().chain(&self.tail).filter_map(Item::message);
        let id = if let Some(index) = own {
            self.own.remove(index).id
        } else if let Some(shown) = kept().find(|shown| shown.message.position == message.position) {
            shown.id
        } else {
            self.new_id()
        };
        Item::Message(Shown { id, message, fresh: fresh && own.is_none() })
    }

    /// The window no longer reaches the newest message; the newest go on in the tail.
    fn detach(&mut self) {
        if !std::mem::replace(&mut self.detached, true) {
            self.tail = self.window.iter().skip(self.window.len().saturating_sub(TAIL)).cloned().collect();
        }
    }

    /// Cuts the beginning when the window has become too large.
    fn bound_front(&mut self) {
        if self.window.len() > WINDOW + SLACK {
            self.cut_front(WINDOW);
        }
    }

    fn cut_front(&mut self, keep: usize) {
        if self.window.len() > keep {
            self.window.drain(..self.window.len() - keep);
            self.older = true;
        }
    }

    /// Cuts the end when the window has become too large.
    fn bound_back(&mut self) {
        if self.window.len() > WINDOW + SLACK {
            self.detach();
            self.window.truncate(WINDOW);
        }
    }

    fn bound_tail(&mut self) {
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
    }

    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

impl Item {
    fn message(&self) -> Option<&Shown> {
        match self {
            Self::Message(shown) => Some(shown),
            Self::Place(_) | Self::Break(..) => None,
        }
    }

    /// Where it stands, and where what is before it stands.
    fn place(&self) -> Option<(&Position, &Position)> {
        match self {
            Self::Message(Shown { message, .. }) => Some((&message.position, &message.prev)),
            Self::Place(entry) => Some((&entry.position, &entry.prev)),
            Self::Break(..) => None,
        }
    }

    fn stands_at(&self, position: &Position) -> bool {
        self.place().is_some_and(|(at, _)| at == position)
    }
}

/// The messages behind a position; all of them if it is not there.
fn behind<'a>(items: &'a VecDeque<Item>, read: Option<&Position>) -> impl Iterator<Item = &'a Shown> {
    let after = read.and_then(|read| items.iter().position(|item| item.stands_at(read)));
    items.iter().skip(after.map_or(0, |index| index + 1)).filter_map(Item::message)
}

/// Whether a message is of this person.
fn is(message: &Message, me: Option<&UserId>) -> bool {
    me == Some(&message.sender.id)
}

#[cfg(test)]
mod tests;
