//! From messages to rows: day lines, the "New since" line, groups.

use shared::{message::Sender, text::UserId};

use super::{
    Item, Timeline,
    rows::{Delivery, MessageRow, Row, RowKey},
};
use crate::time::Day;

/// Longest pause within a group, in milliseconds.
const GROUP_MS: u64 = 5 * 60 * 1000;

/// What a row needs to know of those above it.
#[derive(Default)]
struct Above {
    day: Option<Day>,
    /// Sender and time of the message directly above.
    said: Option<(Sender, u64)>,
}

impl Timeline {
    /// All rows, oldest first. `day_of` tells the local day of a time.
    pub fn rows(&self, me: Option<&UserId>, day_of: impl Fn(u64) -> Day) -> Vec<(RowKey, Row)> {
        let mut rows = Vec::with_capacity(self.window.len() + self.own.len() + 8);
        let mut above = Above::default();
        for item in &self.window {
            match item {
                Item::Break(id, kind) => {
                    rows.push((RowKey::Break(*id), Row::Break(*kind)));
                    above.said = None;
                }
                Item::Said(entry) => {
                    let message = &entry.message;
                    above.lines(&mut rows, day_of(message.at));
                    if self.since.as_ref() == Some(&message.position) {
                        rows.push((RowKey::Since, Row::Since { at: message.at }));
                        above.said = None;
                    }
                    rows.push(row(MessageRow {
                        id: entry.id,
                        nonce: message.nonce.clone(),
                        position: Some(message.position.clone()),
                        sender: message.sender.clone(),
                        at: message.at,
                        body: message.body.clone(),
                        cont: above.continues(&message.sender, message.at),
                        own: me == Some(&message.sender.id),
                        fresh: entry.fresh,
                        state: Delivery::Stored,
                    }));
                }
            }
        }
        // What was just written stands below the newest message and nowhere else.
        for own in self.own.iter().filter(|_| !self.detached) {
            above.lines(&mut rows, day_of(own.at));
            rows.push(row(MessageRow {
                id: own.id,
                nonce: own.nonce.clone(),
                position: own.position.clone(),
                sender: own.sender.clone(),
                at: own.at,
                body: own.body.clone(),
                cont: above.continues(&own.sender, own.at),
                own: true,
                fresh: false,
                state: own.state,
            }));
        }
        rows
    }
}

impl Above {
    fn lines(&mut self, rows: &mut Vec<(RowKey, Row)>, day: Day) {
        if self.day.replace(day) != Some(day) {
            let same = rows.iter().filter(|(_, row)| *row == Row::Day(day)).count();
            rows.push((RowKey::Day(day, u32::try_from(same).unwrap_or(u32::MAX)), Row::Day(day)));
            self.said = None;
        }
    }

    fn continues(&mut self, sender: &Sender, at: u64) -> bool {
        let before = self.said.replace((sender.clone(), at));
        before.is_some_and(|(who, when)| who == *sender && at.abs_diff(when) <= GROUP_MS)
    }
}

fn row(message: MessageRow) -> (RowKey, Row) {
    (RowKey::Message(message.id), Row::Message(message))
}
