//! Who is in a room: on this node, and on the others as far as they say.

use std::collections::{HashMap, HashSet};

use shared::{
    limits,
    message::Person,
    text::{Name, UserId},
};

use crate::broker::presence::{Announcement, NAMED, NodeId, Roster};

/// The people of a room. Somebody with several sessions, on whichever nodes, is one person.
#[derive(Debug, Default)]
pub struct People {
    here: HashMap<UserId, (Name, usize)>,
    elsewhere: HashMap<NodeId, There>,
}

/// What another node said last. One with nobody is kept too: it tells what is older.
#[derive(Debug, Default)]
struct There {
    number: u64,
    /// Those whom it did not name.
    unnamed: u64,
    people: HashMap<UserId, Name>,
}

/// What came of a session's arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The person's first session on this node.
    First,
    /// With another name than they had.
    Renamed,
    /// Nothing that others see.
    Again,
}

/// Who came (or has a new name) and went.
pub type Difference = (Vec<Person>, Vec<UserId>);

impl People {
    /// A session of this person came.
    pub fn add(&mut self, person: &Person) -> Arrival {
        let (name, count) = self.here.entry(person.id.clone()).or_insert_with(|| (person.name.clone(), 0));
        *count += 1;
        let renamed = *name != person.name;
        name.clone_from(&person.name);
        match (*count, renamed) {
            (1, _) => Arrival::First,
            (_, true) => Arrival::Renamed,
            (_, false) => Arrival::Again,
        }
    }

    /// A session of this person went; true if it was the last one on this node.
    pub fn remove(&mut self, id: &UserId) -> bool {
        let Some((_, count)) = self.here.get_mut(id) else { return false };
        *count -= 1;
        let last = *count == 0;
        if last {
            self.here.remove(id);
        }
        last
    }

    /// This person has another name; true if they are here and it is new.
    pub fn rename(&mut self, person: &Person) -> bool {
        match self.here.get_mut(&person.id) {
            Some((name, _)) if *name != person.name => {
                name.clone_from(&person.name);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Whether this person has a session on this node.
    pub fn is_here(&self, id: &UserId) -> bool {
        self.here.contains_key(id)
    }

    /// What another node calls this person, if it says that they are there.
    pub fn name_elsewhere(&self, id: &UserId) -> Option<&Name> {
        self.elsewhere.values().find_map(|there| there.people.get(id))
    }

    /// Another node says who is there. What it said earlier and comes late changes nothing.
    pub fn apply(&mut self, announcement: Announcement) -> Difference {
        let Announcement { node, number, roster } = announcement;
        let people =
            roster.people.into_iter().map(|person| (person.id, person.name)).collect::<HashMap<_, _>>();
        let unnamed = roster.count.saturating_sub(people.len() as u64);
        let before = match self.elsewhere.get(&node) {
            Some(there) if there.number >= number => return Difference::default(),
            Some(_) | None => self.elsewhere.insert(node.clone(), There { number, unnamed, people }),
        };
        let before = before.unwrap_or_default().people;
        let after = self.elsewhere.get(&node).map(|there| &there.people).into_iter().flatten();
        let came = after
            .filter(|(id, name)| !self.is_here(id) && before.get(id) != Some(name))
            .filter(|(id, name)| before.contains_key(id) || self.others_name(&node, id) != Some(name))
            .map(|(id, name)| Person { id: id.clone(), name: name.clone() })
            .collect();
        (came, self.gone_of(before))
    }

    /// A node is dead. If it must have said nothing since, that is the number of what it said.
    pub fn node_gone(&mut self, node: &NodeId, number: Option<u64>) -> Difference {
        let since = self.elsewhere.get(node).is_some_and(|there| number.is_some_and(|n| there.number > n));
        match self.elsewhere.remove(node) {
            Some(there) if since => {
                self.elsewhere.insert(node.clone(), there);
                Difference::default()
            }
            Some(there) => (Vec::new(), self.gone_of(there.people)),
            None => Difference::default(),
        }
    }

    /// The nodes that said something of this room, each with the number of what it said last.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, u64)> {
        self.elsewhere.iter().map(|(node, there)| (node, there.number))
    }

    /// What this node says to the others.
    pub fn roster(&self) -> Roster {
        Roster { count: self.here.len() as u64, people: self.here().take(NAMED).collect() }
    }

    /// How many people are in the room. Exact as long as every node names all of its people; somebody who is on two
    /// nodes and is named by neither counts twice.
    pub fn count(&self) -> u64 {
        let unnamed: u64 = self.elsewhere.values().map(|there| there.unnamed).sum();
        let named = match self.elsewhere.len() {
            0 => 0,
            _ => self.others().count() as u64,
        };
        self.here.len() as u64 + named + unnamed
    }

    /// The first of them.
    pub fn listed(&self) -> Vec<Person> {
        let others = self.others().map(|(id, name)| Person { id: id.clone(), name: name.clone() });
        self.here().chain(others).take(limits::PEOPLE_LISTED).collect()
    }

    fn here(&self) -> impl Iterator<Item = Person> {
        self.here.iter().map(|(id, (name, _))| Person { id: id.clone(), name: name.clone() })
    }

    /// Those who are named by other nodes and are not here, each once.
    fn others(&self) -> impl Iterator<Item = (&UserId, &Name)> {
        let mut seen = HashSet::new();
        let named = self.elsewhere.values().flat_map(|there| &there.people);
        named.filter(move |(id, _)| !self.here.contains_key(*id) && seen.insert(*id))
    }

    fn others_name(&self, but: &NodeId, id: &UserId) -> Option<&Name> {
        let others = self.elsewhere.iter().filter(|(node, _)| *node != but);
        others.map(|(_, there)| there).find_map(|there| there.people.get(id))
    }

    /// Which of these are nowhere any more.
    fn gone_of(&self, before: HashMap<UserId, Name>) -> Vec<UserId> {
        before.into_keys().filter(|id| !self.is_here(id) && self.name_elsewhere(id).is_none()).collect()
    }
}

#[cfg(test)]
mod tests;
