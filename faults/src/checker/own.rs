//! Whether one sender's messages keep their order.

use std::collections::{HashMap, HashSet};

use shared::text::{Nonce, Position, Room};

use super::{ClientEvent, ClientLog, History, Verdict};

/// What a client tried for one message, by its place in the client's log.
#[derive(Debug, Default)]
struct Tries {
    /// Connection and place of each.
    sent: Vec<(u32, usize)>,
    /// Connection and place of each refusal.
    refused: Vec<(u32, usize)>,
    /// Where it was first known to be stored.
    settled: Option<usize>,
}

impl Tries {
    /// Whether this message was on its way through `connection`, or stored, before the place `at`. What was refused
    /// is on its way no more.
    fn precedes(&self, connection: u32, at: usize) -> bool {
        let refused = |sent: usize| self.refused.iter().any(|(on, place)| *on == connection && *place > sent);
        self.settled.is_some_and(|settled| settled < at)
            || self.sent.iter().any(|(on, sent)| *on == connection && *sent < at && !refused(*sent))
    }
}

/// One message must stand before another one of the same client if, whichever try of the other one was stored, this
/// one went before it on the same connection, or was stored already.
pub(super) fn check(
    log: &ClientLog,
    history: &History,
    told: &HashSet<(usize, Room)>,
    verdict: &mut Verdict,
) {
    let mut rooms: HashMap<&Room, (Vec<&Nonce>, HashMap<&Nonce, Tries>)> = HashMap::new();
    for (at, seen) in log.seen.iter().enumerate() {
        let (room, nonce) = match seen {
            ClientEvent::Sent { room, nonce, .. }
            | ClientEvent::Refused { room, nonce, .. }
            | ClientEvent::Acked { room, nonce, .. } => (room, nonce),
            ClientEvent::Message { room, link } => (room, &link.nonce),
            ClientEvent::Joined { .. } | ClientEvent::Lost { .. } => continue,
        };
        let (order, all) = rooms.entry(room).or_default();
        match seen {
            ClientEvent::Sent { on, .. } => {
                let tries = all.entry(nonce).or_insert_with(|| {
                    order.push(nonce);
                    Tries::default()
                });
                tries.sent.push((*on, at));
            }
            ClientEvent::Refused { on, .. } => {
                if let Some(tries) = all.get_mut(nonce) {
                    tries.refused.push((*on, at));
                }
            }
            ClientEvent::Acked { .. }
            | ClientEvent::Message { .. }
            | ClientEvent::Joined { .. }
            | ClientEvent::Lost { .. } => {
                if let Some(tries) = all.get_mut(nonce) {
                    tries.settled.get_or_insert(at);
                }
            }
        }
    }
    for (room, (order, all)) in rooms {
        let client = log.client;
        // What was lost and said again stands where it was said again.
        if told.contains(&(client, room.clone())) {
            continue;
        }
        let places: HashMap<&Nonce, (usize, &Position)> = history
            .get(room)
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(place, link)| (&link.nonce, (place, &link.position)))
            .collect();
        for (index, later) in order.iter().enumerate() {
            let Some((place, position)) = places.get(later) else { continue };
            for earlier in &order[..index] {
                let Some((before, _)) = places.get(earlier) else { continue };
                if before > place && all[later].sent.iter().all(|(on, at)| all[earlier].precedes(*on, *at)) {
                    verdict.order_inversions.push(format!(
                        "client {client} said {earlier} before {later} in {room}, which stands first at {position}"
                    ));
                }
            }
        }
    }
}
