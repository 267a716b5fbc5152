//! Runs of messages that were asked for: the answer to a join, and pages of history.

use std::collections::VecDeque;

use shared::{
    entry::Entry,
    event::{Joined, Page},
    text::{Position, UserId},
};

use super::{
    Item, Timeline,
    rows::{Break, RowKey},
};

impl Timeline {
    /// Takes the answer to a join. The newest page after a resume that failed goes below a break; own messages that
    /// are known to be stored have their place in the history then, loaded or not.
    pub fn joined(&mut self, joined: Joined, me: Option<&UserId>) {
        let Joined { entries, recovered, older, position, .. } = joined;
        let entries = entries.into_vec();
        let known = self.window.iter().chain(&self.tail).any(|item| item.place().is_some());
        if recovered {
            if !known {
                // Only what is new came: the rest is there to be asked for.
                self.older = !entries.first().map_or(&position, |first| &first.prev).is_start();
            }
            self.append(entries, me);
            self.settle_own();
        } else if known {
            self.settle_own();
            let last_known = entries.iter().rposition(|entry| self.ends_with(&entry.position));
            let reaches_head = self.head.as_ref().is_some_and(|head| {
                entries.iter().any(|entry| entry.position == *head)
                    || entries.first().is_some_and(|first| first.prev == *head)
            });
            if !reaches_head && self.head.as_ref() != Some(&position) {
                // Where an older message is known again, the ones behind it are gone from the server.
                let gone = entries.is_empty() || entries.iter().any(|entry| self.knows(&entry.position));
                self.push_break(if gone { Break::Lost } else { Break::NotRecovered });
            }
            // What is older than the known ones belongs above them, and is loaded from there.
            self.append(entries.into_iter().skip(last_known.map_or(0, |index| index + 1)), me);
        } else {
            self.settle_own();
            self.older = older;
            self.append(entries, me);
        }
        self.head = Some(position);
    }

    /// Takes the page before `anchor`. A page for a window that has moved meanwhile is dropped.
    pub fn older_page(&mut self, page: Page, anchor: &Position, me: Option<&UserId>) {
        if self.oldest() != Some(anchor) {
            return;
        }
        self.older = page.found && page.older;
        if !page.found {
            return;
        }
        // A break above everything belongs between the new rows and the old.
        for entry in page.entries.into_vec().into_iter().rev() {
            if !self.shows(&entry.position) {
                let item = self.item(entry, me, false);
                self.window.push_front(item);
            }
        }
        self.heal();
        self.bound_back();
    }

    /// Makes the entry below a break the first one of the window, so that what is missing above it can be asked for.
    /// Whether there was such a break.
    pub fn start_below(&mut self, row: RowKey) -> bool {
        let at = self
            .window
            .iter()
            .position(|item| matches!(item, Item::Break(id, _) if RowKey::Break(*id) == row));
        if let Some(at) = at {
            self.window.drain(..=at);
            self.older = true;
        }
        at.is_some()
    }

    /// Takes the page after `anchor`. A page for a window that has moved meanwhile is dropped.
    pub fn newer_page(&mut self, page: Page, anchor: &Position, me: Option<&UserId>) {
        if !self.detached || self.newest() != Some(anchor) {
            return;
        }
        if !page.found {
            let id = self.new_id();
            self.window.push_back(Item::Break(id, Break::Lost));
            self.attach_all();
            return;
        }
        let none = page.entries.is_empty();
        for entry in page.entries.into_vec() {
            let item = self.item(entry, me, false);
            self.window.push_back(item);
        }
        if !self.attach() && !page.newer && (none || self.tail.is_empty()) {
            // Nothing leads from here to the newest messages.
            if !self.tail.is_empty() {
                let id = self.new_id();
                self.window.push_back(Item::Break(id, Break::Lost));
            }
            self.attach_all();
        }
        self.heal();
        self.bound_front();
    }

    /// Shows a page somewhere in the history instead of what is shown.
    pub fn around_page(&mut self, page: Page, me: Option<&UserId>) {
        self.detach();
        let mut window = VecDeque::new();
        for entry in page.entries.into_vec() {
            let item = self.item(entry, me, false);
            window.push_back(item);
        }
        self.window = window;
        self.older = page.older;
        if !self.attach() && !page.newer && self.tail.is_empty() {
            self.attach_all();
        }
    }

    /// Shows what is known of the newer messages without asking; whether that was possible.
    pub fn newer_from_tail(&mut self) -> bool {
        let attached = self.detached && self.attach();
        if attached {
            self.heal();
            self.bound_front();
        }
        attached
    }

    /// The first entry of the window: older ones are asked for before it.
    pub fn oldest(&self) -> Option<&Position> {
        self.window.iter().find_map(Item::place).map(|(position, _)| position)
    }

    /// The last entry of the window: newer ones are asked for after it.
    pub fn newest(&self) -> Option<&Position> {
        self.window.iter().rev().find_map(Item::place).map(|(position, _)| position)
    }

    fn append(&mut self, entries: impl IntoIterator<Item = Entry>, me: Option<&UserId>) {
        for entry in entries {
            if !self.ends_with(&entry.position) {
                self.push(entry, me, false);
            }
        }
    }

    fn shows(&self, position: &Position) -> bool {
        self.window.iter().any(|item| item.stands_at(position))
    }

    /// Joins the window with the tail where they overlap or touch; whether they do. The window may be ahead: what was
    /// asked for can come before the events of the same messages.
    fn attach(&mut self) -> bool {
        let Some(newest) = self.newest() else { return false };
        let overlap = self.tail.iter().position(|item| item.stands_at(newest));
        let touches = self.tail.front().and_then(Item::place).is_some_and(|(_, prev)| prev == newest);
        let last = self.tail.iter().rev().find_map(Item::place);
        let ahead = last.is_some_and(|(last, _)| self.shows(last));
        match overlap {
            Some(index) => drop(self.tail.drain(..=index)),
            None if touches => {}
            None if ahead => self.tail.clear(),
            None => return false,
        }
        self.attach_all();
        true
    }

    /// Puts the tail below the window, without what the window has.
    fn attach_all(&mut self) {
        self.detached = false;
        let shown = |item: &Item| item.place().is_some_and(|(position, _)| self.shows(position));
        if let Some(index) = self.tail.iter().rposition(shown) {
            self.tail.drain(..=index);
        }
        self.window.append(&mut self.tail);
    }

    /// Takes away breaks that turned out to have nothing missing.
    fn heal(&mut self) {
        let mut index = 1;
        while index + 1 < self.window.len() {
            let (above, below) = (self.window[index - 1].place(), self.window[index + 1].place());
            let seamless = matches!(self.window[index], Item::Break(_, Break::NotRecovered))
                && above.zip(below).is_some_and(|((above, _), (_, prev))| above == prev);
            if seamless {
                self.window.remove(index);
            } else {
                index += 1;
            }
        }
    }
}
