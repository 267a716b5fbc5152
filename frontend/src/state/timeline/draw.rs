//! From messages to rows: day lines, the "New since" line, groups, namesakes.
//!
//! Rows are outlined first. An outline borrows from the timeline, so that comparing it with the row on the screen costs
//! nothing, and only a row that differs is built.

use std::collections::{BTreeMap, BTreeSet};

use shared::{
    entry::{Entry, Origin, Reacted, What},
    person::Sender,
    text::{Body, Emoji, Nonce, Position, UserId},
};

use super::{
    Item, Timeline,
    rows::{Break, Delivery, MessageRow, Reaction, Row, RowKey},
};
use crate::{state::namesakes::Namesakes, time::Day};

/// Longest pause within a group, in milliseconds.
const GROUP_MS: u64 = 5 * 60 * 1000;

/// A row that is not built.
#[derive(Debug)]
pub struct Outline<'a> {
    /// See [`RowKey`].
    pub key: RowKey,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    Day(Day),
    Since { at: u64 },
    Break(Break),
    Message(MessageOutline<'a>),
}

/// The fields of a [`MessageRow`], borrowed.
#[derive(Debug)]
struct MessageOutline<'a> {
    id: u64,
    nonce: &'a Nonce,
    position: Option<&'a Position>,
    sender: &'a Sender,
    mark: Option<&'a str>,
    at: u64,
    body: &'a Body,
    cont: bool,
    own: bool,
    fresh: bool,
    state: Delivery,
    reactions: Vec<Reaction>,
}

impl Outline<'_> {
    /// Whether a row with the same key shows the same.
    pub fn is(&self, row: &Row) -> bool {
        match (&self.content, row) {
            (Content::Day(day), Row::Day(shown)) => day == shown,
            (Content::Since { at }, Row::Since { at: shown }) => at == shown,
            (Content::Break(why), Row::Break(shown)) => why == shown,
            (Content::Message(message), Row::Message(shown)) => message.is(shown),
            _ => false,
        }
    }

    /// Builds the row.
    pub fn build(&self) -> Row {
        match &self.content {
            Content::Day(day) => Row::Day(*day),
            Content::Since { at } => Row::Since { at: *at },
            Content::Break(why) => Row::Break(*why),
            Content::Message(message) => Row::Message(message.build()),
        }
    }
}

impl MessageOutline<'_> {
    fn is(&self, row: &MessageRow) -> bool {
        let MessageRow { id, nonce, position, sender, mark, at, body, cont, own, fresh, state, reactions } =
            row;
        let flags = (self.cont, self.own, self.fresh);
        (self.id, self.at, self.state) == (*id, *at, *state)
            && flags == (*cont, *own, *fresh)
            && self.mark == mark.as_deref()
            && self.reactions == *reactions
            && (self.nonce, self.position, self.sender, self.body) == (nonce, position.as_ref(), sender, body)
    }

    fn build(&self) -> MessageRow {
        MessageRow {
            id: self.id,
            nonce: self.nonce.clone(),
            position: self.position.cloned(),
            sender: self.sender.clone(),
            mark: self.mark.map(str::to_owned),
            at: self.at,
            body: self.body.clone(),
            cont: self.cont,
            own: self.own,
            fresh: self.fresh,
            state: self.state,
            reactions: self.reactions.clone(),
        }
    }
}

/// What a row needs to know of those above it.
#[derive(Default)]
struct Above<'a> {
    day: Option<Day>,
    /// How many lines of each day stand above: clocks of nodes differ, so that a day may come again.
    days: BTreeMap<Day, u32>,
    /// Sender and time of the message directly above.
    said: Option<(&'a Sender, u64)>,
}

impl Timeline {
    /// The outlines of all rows, oldest first. `day_of` tells the local day of a time.
    pub fn outlines(&self, me: Option<&UserId>, day_of: impl Fn(u64) -> Day) -> Vec<Outline<'_>> {
        let senders = || self.window.iter().filter_map(Item::message).map(|shown| &shown.message.sender);
        let namesakes = Namesakes::among(senders().map(|sender| (&sender.id, &sender.name)));
        let mut reactions = reactions(&self.window, me);
        let mut rows = Vec::with_capacity(self.window.len() + self.own.len() + 8);
        let mut above = Above::default();
        for item in &self.window {
            match item {
                Item::Break(id, kind) => {
                    rows.push(Outline { key: RowKey::Break(*id), content: Content::Break(*kind) });
                    above.said = None;
                }
                // It has no row of its own.
                Item::Place(_) => {}
                Item::Message(shown) => {
                    let message = &shown.message;
                    rows.extend(above.day_line(day_of(message.at)));
                    if self.since.as_ref() == Some(&message.position) {
                        let content = Content::Since { at: message.at };
                        rows.push(Outline { key: RowKey::Since, content });
                        above.said = None;
                    }
                    let own = me == Some(&message.sender.id);
                    rows.push(outline(MessageOutline {
                        id: shown.id,
                        nonce: &message.nonce,
                        position: Some(&message.position),
                        sender: &message.sender,
                        mark: namesakes.mark(&message.sender.id).filter(|_| !own),
                        at: message.at,
                        body: &message.body,
                        cont: above.continues(&message.sender, message.at),
                        own,
                        fresh: shown.fresh,
                        state: Delivery::Stored,
                        reactions: reactions.remove(&message.position).unwrap_or_default(),
                    }));
                }
            }
        }
        // What was just written stands below the newest message and nowhere else.
        for own in self.own.iter().filter(|_| !self.detached) {
            rows.extend(above.day_line(day_of(own.at)));
            rows.push(outline(MessageOutline {
                id: own.id,
                nonce: &own.nonce,
                position: own.position.as_ref(),
                sender: &own.sender,
                mark: None,
                at: own.at,
                body: &own.body,
                cont: above.continues(&own.sender, own.at),
                own: true,
                fresh: false,
                state: own.state,
                reactions: Vec::new(),
            }));
        }
        rows
    }

    /// All rows, built.
    #[cfg(test)]
    pub fn rows(&self, me: Option<&UserId>, day_of: impl Fn(u64) -> Day) -> Vec<(RowKey, Row)> {
        self.outlines(me, day_of).iter().map(|outline| (outline.key, outline.build())).collect()
    }
}

impl<'a> Above<'a> {
    fn day_line(&mut self, day: Day) -> Option<Outline<'a>> {
        if self.day.replace(day) == Some(day) {
            return None;
        }
        self.said = None;
        let same = *self.days.entry(day).and_modify(|times| *times += 1).or_insert(0);
        Some(Outline { key: RowKey::Day(day, same), content: Content::Day(day) })
    }

    fn continues(&mut self, sender: &'a Sender, at: u64) -> bool {
        let before = self.said.replace((sender, at));
        before.is_some_and(|(who, when)| who == sender && at.abs_diff(when) <= GROUP_MS)
    }
}

/// The reactions to each message: of two by one person with the same emoji the later one counts.
fn reactions<'a>(
    items: impl IntoIterator<Item = &'a Item>,
    me: Option<&UserId>,
) -> BTreeMap<&'a Position, Vec<Reaction>> {
    let mut people: BTreeMap<&Position, Vec<(&Emoji, BTreeSet<&UserId>)>> = BTreeMap::new();
    for item in items {
        let Item::Place(Entry { what: What::Reacted(Reacted { to, emoji, on }), origin, .. }) = item else {
            continue;
        };
        let Some(Origin { sender, .. }) = &origin.0 else { continue };
        let kinds = people.entry(to).or_default();
        match kinds.iter_mut().find(|(kind, _)| *kind == emoji) {
            Some((_, who)) if *on => drop(who.insert(&sender.id)),
            Some((_, who)) => drop(who.remove(&sender.id)),
            None if *on => kinds.push((emoji, BTreeSet::from([&sender.id]))),
            None => {}
        }
    }
    let reaction = |(emoji, who): (&Emoji, BTreeSet<&UserId>)| Reaction {
        emoji: emoji.clone(),
        count: who.len(),
        own: me.is_some_and(|me| who.contains(me)),
    };
    let shown = |kinds: Vec<(&Emoji, BTreeSet<&UserId>)>| {
        kinds.into_iter().filter(|(_, who)| !who.is_empty()).map(reaction).collect()
    };
    people.into_iter().map(|(to, kinds)| (to, shown(kinds))).collect()
}

fn outline(message: MessageOutline<'_>) -> Outline<'_> {
    Outline { key: RowKey::Message(message.id), content: Content::Message(message) }
}
