//! The history checker: what every client saw, against what the rooms' histories hold in the end.
//!
//! Pure. It knows nothing of sockets, faults or time, and does not trust what it is given: each promise is
//! checked from the logs alone.

mod order;
mod own;
mod view;

use std::collections::{HashMap, HashSet};

use shared::text::{Nonce, Position, Room};

use self::view::View;

/// A message as far as its place is concerned. Nonces are unique among all clients of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it stands.
    pub position: Position,
    /// What it says stands before it.
    pub prev: Position,
    /// Its running number.
    pub n: u64,
    /// The sender's mark.
    pub nonce: Nonce,
}

/// One thing that a client did or was told, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum ClientEvent {
    /// A try to send.
    Sent {
        /// Where.
        room: Room,
        /// What.
        nonce: Nonce,
        /// On which of the client's connections.
        on: u32,
    },
    /// A send was answered as not stored, or not known to be.
    Refused {
        /// Where.
        room: Room,
        /// What.
        nonce: Nonce,
        /// On which of the client's connections.
        on: u32,
    },
    /// A send was answered as stored.
    Acked {
        /// Where.
        room: Room,
        /// What.
        nonce: Nonce,
        /// Where it stands, so the server says.
        position: Position,
        /// The server says that an earlier try had been stored.
        duplicate: bool,
    },
    /// A room was entered.
    Joined {
        /// Which.
        room: Room,
        /// What the client asked to go on from.
        since: Option<Position>,
        /// Whether `messages` are exactly what came after it.
        recovered: bool,
        /// Where the room stands.
        position: Position,
        /// The page.
        messages: Vec<Link>,
    },
    /// A message arrived.
    Message {
        /// Where.
        room: Room,
        /// What.
        link: Link,
    },
    /// A run was said to be gone.
    Lost {
        /// Where.
        room: Room,
        /// What the room goes on from.
        after: Position,
    },
}

/// The log of one client.
#[derive(Debug, Clone, Default)]
pub struct ClientLog {
    /// Which client, for the texts of the verdict.
    pub client: usize,
    /// What it saw.
    pub seen: Vec<ClientEvent>,
    /// The rooms it was in when everything had come to rest: there it must have seen all that there is.
    pub present: Vec<Room>,
}

/// What each room holds in the end, oldest first.
pub type History = HashMap<Room, Vec<Link>>;

/// What is wrong, one sentence each. Nothing is wrong when all lists are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged, not in the history, and its sender was not told of any loss in that room.
    pub acked_but_missing: Vec<String>,
    /// A view with a hole, or with messages that the history does not have, of which the client was not told.
    pub silent_gaps: Vec<String>,
    /// A message that is shown or kept twice.
    pub duplicates: Vec<String>,
    /// Two observers, or an observer and the history, disagree about the order of messages, or one sender's messages
    /// stand in another order than it said them in.
    pub order_inversions: Vec<String>,
    /// An answer that names another message's place, differs from an earlier answer, or answers nothing.
    pub false_acks: Vec<String>,
    /// Acknowledged messages that are gone and whose sender was told so. Only some faults may do that.
    pub told_losses: Vec<Nonce>,
    /// Acknowledged messages in all.
    pub acked: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.lists().iter().all(|(_, list)| list.is_empty())
    }

    /// The lists with their names.
    pub fn lists(&self) -> [(&'static str, &[String]); 5] {
        [
            ("acked but missing", &self.acked_but_missing),
            ("silent gaps", &self.silent_gaps),
            ("duplicates", &self.duplicates),
            ("order inversions", &self.order_inversions),
            ("false acks", &self.false_acks),
        ]
    }
}

/// Checks everything.
pub fn check(logs: &[ClientLog], history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    let mut orders: HashMap<Room, Vec<Vec<Link>>> = HashMap::new();
    for (room, links) in history {
        check_history(room, links, &mut verdict);
        orders.entry(room.clone()).or_default().push(links.clone());
    }
    let mut told: HashSet<(usize, Room)> = HashSet::new();
    for log in logs {
        for (room, view) in view::walk(log, &mut verdict) {
            if view.told {
                told.insert((log.client, room.clone()));
            }
            if log.present.contains(&room) {
                check_end(log.client, &room, &view, history, &mut verdict);
            }
            orders.entry(room).or_default().extend(view.into_runs());
        }
    }
    for (room, runs) in &orders {
        order::check(room, runs, &mut verdict);
    }
    check_acks(logs, history, &told, &mut verdict);
    for log in logs {
        own::check(log, history, &told, &mut verdict);
    }
    verdict
}

fn check_history(room: &Room, links: &[Link], verdict: &mut Verdict) {
    let mut nonces = HashSet::new();
    let mut positions = HashSet::new();
    for link in links {
        if !nonces.insert(&link.nonce) || !positions.insert(&link.position) {
            verdict.duplicates.push(format!("the history of {room} holds {} twice", link.nonce));
        }
    }
    for two in links.windows(2) {
        if two[1].prev != two[0].position {
            let at = &two[1].position;
            verdict.silent_gaps.push(format!("the history of {room} is broken before {at}"));
        }
    }
}

/// At rest, a view is a run of the history up to its end.
fn check_end(client: usize, room: &Room, view: &View, history: &History, verdict: &mut Verdict) {
    let links = history.get(room).map_or(&[][..], Vec::as_slice);
    let end = links.last().map_or_else(Position::start, |link| link.position.clone());
    if view.at.as_ref() != Some(&end) {
        let at = view.at.as_ref().map_or("nothing", Position::as_str);
        verdict.silent_gaps.push(format!("client {client} ends at {at} of {room}, the history at {end}"));
    }
    let kept: HashSet<_> = links.iter().map(|link| &link.position).collect();
    let gone = view.run.iter().filter(|link| !kept.contains(&link.position)).count();
    if gone > 0 {
        verdict
            .silent_gaps
            .push(format!("client {client} was not told that {gone} messages of {room} are gone"));
    }
}

fn check_acks(logs: &[ClientLog], history: &History, told: &HashSet<(usize, Room)>, verdict: &mut Verdict) {
    let mut places: HashMap<(&Room, &Nonce), &Position> = HashMap::new();
    let mut holders: HashMap<(&Room, &Position), &Nonce> = HashMap::new();
    for (room, link) in history.iter().flat_map(|(room, links)| links.iter().map(move |link| (room, link))) {
        places.insert((room, &link.nonce), &link.position);
        holders.insert((room, &link.position), &link.nonce);
    }
    let mut tries: HashMap<(&Room, &Nonce), u64> = HashMap::new();
    for seen in logs.iter().flat_map(|log| &log.seen) {
        if let ClientEvent::Sent { room, nonce, .. } = seen {
            *tries.entry((room, nonce)).or_default() += 1;
        }
    }
    let mut answers: HashMap<(&Room, &Nonce), &Position> = HashMap::new();
    for log in logs {
        for seen in &log.seen {
            let ClientEvent::Acked { room, nonce, position, duplicate } = seen else { continue };
            verdict.acked += 1;
            let client = log.client;
            let told = told.contains(&(client, room.clone()));
            let count = tries.get(&(room, nonce)).copied().unwrap_or(0);
            let first = *answers.entry((room, nonce)).or_insert(position);
            let false_ack = if count == 0 {
                Some("was never sent")
            } else if *duplicate && count == 1 {
                Some("was sent once and is called a repeat")
            } else if holders.get(&(room, position)).is_some_and(|holder| *holder != nonce) {
                Some("was given the place of another message")
            } else if first != position && !told {
                Some("was given two places")
            } else {
                None
            };
            if let Some(why) = false_ack {
                verdict.false_acks.push(format!("{nonce} of client {client} in {room} {why} ({position})"));
                continue;
            }
            match places.get(&(room, nonce)) {
                Some(place) if *place == position => {}
                _ if told => verdict.told_losses.push(nonce.clone()),
                Some(_) => {
                    verdict.false_acks.push(format!("{nonce} in {room} stands elsewhere than at {position}"));
                }
                None => verdict
                    .acked_but_missing
                    .push(format!("{nonce} of client {client} in {room} at {position}")),
            }
        }
    }
}

#[cfg(test)]
mod tests;
