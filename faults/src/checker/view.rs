//! What one client has on its screen for one room, rebuilt from its log.

use std::collections::{HashMap, HashSet};

use shared::text::{Nonce, Position, Room};

use super::{ClientEvent, ClientLog, Link, Verdict};

/// One room as one client sees it.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The last position seen; `None` before the first join.
    pub(super) at: Option<Position>,
    /// What is shown now.
    pub(super) run: Vec<Link>,
    /// Whether the client was ever told that something is gone.
    pub(super) told: bool,
    /// What was shown before something was taken back.
    before: Vec<Vec<Link>>,
    places: HashSet<Position>,
    nonces: HashSet<Nonce>,
}

/// Plays a log; holes and repeats go to the verdict.
pub(super) fn walk(log: &ClientLog, verdict: &mut Verdict) -> HashMap<Room, View> {
    let mut views: HashMap<Room, View> = HashMap::new();
    for seen in &log.seen {
        match seen {
            ClientEvent::Sent { .. } | ClientEvent::Refused { .. } | ClientEvent::Acked { .. } => {}
            ClientEvent::Joined { room, since, recovered, position, messages } => {
                let view = views.entry(room.clone()).or_default();
                if !*recovered {
                    view.told |= since.is_some();
                    view.start_over(messages.first().map_or(position, |first| &first.prev).clone());
                }
                for link in messages {
                    view.add(log.client, room, link, verdict);
                }
                if view.at.as_ref() != Some(position) {
                    let why = format!("client {} joined {room} short of {position}", log.client);
                    verdict.silent_gaps.push(why);
                    view.at = Some(position.clone());
                }
            }
            ClientEvent::Message { room, link } => {
                views.entry(room.clone()).or_default().add(log.client, room, link, verdict);
            }
            ClientEvent::Lost { room, after } => views.entry(room.clone()).or_default().roll_back(after),
        }
    }
    views
}

impl View {
    fn add(&mut self, client: usize, room: &Room, link: &Link, verdict: &mut Verdict) {
        let new_place = self.places.insert(link.position.clone());
        if !self.nonces.insert(link.nonce.clone()) || !new_place {
            verdict.duplicates.push(format!("client {client} was shown {} twice in {room}", link.nonce));
        }
        if !new_place {
            return;
        }
        if self.at.as_ref() != Some(&link.prev) {
            let at = self.at.as_ref().map_or("nothing", Position::as_str);
            let next = &link.prev;
            verdict.silent_gaps.push(format!("client {client} at {at} of {room} got what follows {next}"));
        } else if self.run.last().is_some_and(|last| last.n >= link.n) {
            let why = format!("client {client} in {room}: number {} does not rise", link.n);
            verdict.order_inversions.push(why);
        }
        self.at = Some(link.position.clone());
        self.run.push(link.clone());
    }

    fn start_over(&mut self, at: Position) {
        self.before.push(std::mem::take(&mut self.run));
        self.at = Some(at);
        self.index();
    }

    fn roll_back(&mut self, after: &Position) {
        self.told = true;
        self.before.push(self.run.clone());
        let kept = self.run.iter().position(|link| link.position == *after).map_or(0, |index| index + 1);
        self.run.truncate(kept);
        self.at = Some(after.clone());
        self.index();
    }

    fn index(&mut self) {
        self.places = self.run.iter().map(|link| link.position.clone()).collect();
        self.nonces = self.run.iter().map(|link| link.nonce.clone()).collect();
    }

    /// Everything that was ever shown, in runs.
    pub(super) fn into_runs(mut self) -> Vec<Vec<Link>> {
        self.before.push(self.run);
        self.before.retain(|run| !run.is_empty());
        self.before
    }
}
