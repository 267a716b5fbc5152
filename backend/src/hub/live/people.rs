//! The people of a room: those on this node, and those that the other nodes announce.

use std::collections::HashMap;

use shared::{limits, person::Person, text::UserId};

use crate::broker::presence::{Announcement, NAMED, NodeId, Occupant, Roster};

/// The people of a room. A person with several sessions, on whichever nodes, counts once, and has one name: of all
/// that are announced the one with the newest version, so that every node shows the same.
#[derive(Debug, Default)]
pub struct People {
    here: HashMap<UserId, (Occupant, usize)>,
    elsewhere: HashMap<NodeId, Peer>,
}

/// What another node announced last. One with nobody is kept too: its number tells what is older.
#[derive(Debug, Default)]
struct Peer {
    number: u64,
    /// People who are counted and not named.
    unnamed: u64,
    people: HashMap<UserId, Occupant>,
}

/// Who came (or has a new name) and went.
pub type Difference = (Vec<Person>, Vec<UserId>);

impl People {
    /// A session of this person came.
    pub fn add(&mut self, person: &Occupant) {
        let (known, sessions) = self.here.entry(person.id.clone()).or_insert_with(|| (person.clone(), 0));
        *sessions += 1;
        if person.named >= known.named {
            known.clone_from(person);
        }
    }

    /// A session of this person went.
    pub fn remove(&mut self, id: &UserId) {
        let Some((_, sessions)) = self.here.get_mut(id) else { return };
        *sessions -= 1;
        if *sessions == 0 {
            self.here.remove(id);
        }
    }

    /// This person has another name, if they are on this node and it is newer.
    pub fn rename(&mut self, person: &Occupant) {
        if let Some((known, _)) = self.here.get_mut(&person.id)
            && person.named > known.named
        {
            known.clone_from(person);
        }
    }

    /// What this node announces of this person.
    pub fn on_this_node(&self, id: &UserId) -> Option<&Occupant> {
        self.here.get(id).map(|(person, _)| person)
    }

    /// How the room shows this person, if they are there.
    pub fn shown(&self, id: &UserId) -> Option<&Occupant> {
        let elsewhere = self.elsewhere.values().filter_map(|peer| peer.people.get(id));
        // Names that were never changed have no order of their own; any will do, if all nodes choose the same.
        self.on_this_node(id).into_iter().chain(elsewhere).max_by_key(|person| (person.named, &person.name))
    }

    /// Another node announces who is there. An earlier announcement that comes late changes nothing.
    pub fn apply(&mut self, announcement: Announcement) -> Difference {
        let Announcement { node, number, roster } = announcement;
        if self.elsewhere.get(&node).is_some_and(|peer| peer.number >= number) {
            return Difference::default();
        }
        let people: HashMap<_, _> =
            roster.people.into_iter().map(|person| (person.id.clone(), person)).collect();
        let unnamed = roster.count.saturating_sub(people.len() as u64);
        self.replace(&node, Some(Peer { number, unnamed, people }))
    }

    /// A node is dead. With `number`, only if that is still the number of its last announcement.
    pub fn node_gone(&mut self, node: &NodeId, number: Option<u64>) -> Difference {
        let since = self.elsewhere.get(node).is_some_and(|peer| number.is_some_and(|n| peer.number > n));
        if since { Difference::default() } else { self.replace(node, None) }
    }

    /// The nodes that announced something, each with the number of its last announcement.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, u64)> {
        self.elsewhere.iter().map(|(node, peer)| (node, peer.number))
    }

    /// What this node announces.
    pub fn roster(&self) -> Roster {
        let people = self.here.values().map(|(person, _)| person.clone());
        Roster { count: self.here.len() as u64, people: people.take(NAMED).collect() }
    }

    /// How many people are in the room. Exact as long as every node names all of its people; a person who is on two
    /// nodes and is named by neither counts twice.
    pub fn count(&self) -> u64 {
        let unnamed: u64 = self.elsewhere.values().map(|peer| peer.unnamed).sum();
        self.here.len() as u64 + self.only_elsewhere().len() as u64 + unnamed
    }

    /// The first of them.
    pub fn listed(&self) -> Vec<Person> {
        let ids = self.here.keys().chain(self.only_elsewhere()).take(limits::PEOPLE_LISTED);
        ids.filter_map(|id| self.shown(id)).map(Occupant::person).collect()
    }

    /// The people whom only other nodes announce, each once.
    fn only_elsewhere(&self) -> Vec<&UserId> {
        let named = self.elsewhere.values().flat_map(|peer| peer.people.keys());
        let mut ids: Vec<_> = named.filter(|id| !self.here.contains_key(*id)).collect();
        if self.elsewhere.len() > 1 {
            ids.sort_unstable_by_key(|id| id.as_str());
            ids.dedup();
        }
        ids
    }

    /// Replaces what a node announced.
    fn replace(&mut self, node: &NodeId, peer: Option<Peer>) -> Difference {
        let old = self.elsewhere.get(node).into_iter().flat_map(|peer| peer.people.keys());
        let new = peer.iter().flat_map(|peer| peer.people.keys());
        let mut ids: Vec<_> = old.chain(new).cloned().collect();
        ids.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        ids.dedup();
        let before: Vec<_> = ids.iter().map(|id| self.shown(id).map(Occupant::person)).collect();
        match peer {
            Some(peer) => self.elsewhere.insert(node.clone(), peer),
            None => self.elsewhere.remove(node),
        };
        let mut difference = Difference::default();
        for (id, before) in ids.into_iter().zip(before) {
            self.compare(id, before.as_ref(), &mut difference);
        }
        difference
    }

    /// Adds to the difference what became of a person who was shown like this before.
    pub fn compare(&self, id: UserId, before: Option<&Person>, difference: &mut Difference) {
        match (before, self.shown(&id)) {
            (Some(before), Some(now)) if before.name == now.name => {}
            (_, Some(now)) => difference.0.push(now.person()),
            (Some(_), None) => difference.1.push(id),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests;
