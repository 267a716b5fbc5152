//! What nodes tell each other about people: who was forgotten, and who has a new name.
//!
//! A connection of somebody who was forgotten ends on every node that hears of it. A node that may have missed it (its
//! bus was interrupted, or a lane was full) looks its own people up in the broker's state, so that no connection lives
//! on for longer than the interruption. A name that was missed stays old until the person says hello again.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use shared::{close::CloseReason, message::Person, text::UserId};

use super::{Hub, repair::Pause, sessions::Seat};
use crate::{broker::Audience, identity};

/// People who are looked up at once.
const LOOKED_UP: usize = 64;

/// How often it is tried to tell the other nodes.
const TRIES: usize = 60;

/// One thing told. A node ignores kinds that it does not know.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
enum Notice {
    /// This person is nobody any more.
    Forgotten { user: UserId },
    /// This person is called something else, says one of their sessions: that of the number on the hub of the number.
    Renamed { person: Person, hub: u64, session: u64 },
    #[serde(other)]
    Unknown,
}

impl Notice {
    fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Hub {
    /// Somebody was forgotten: ends their connections, here and on all other nodes.
    pub async fn forgotten(self: &Arc<Self>, user: UserId) {
        self.end_all_of(&user);
        let news = Notice::Forgotten { user }.encode();
        if self.broker.core.broadcast(Audience::Nodes, news.clone()).await.is_ok() {
            return;
        }
        // The record is written: whoever asks gets no for an answer, and the others are told as soon as they can be.
        let hub = self.clone();
        self.tasks.spawn(async move {
            let mut pause = Pause::default();
            for _ in 0..TRIES {
                pause.wait().await;
                if hub.broker.core.broadcast(Audience::Nodes, news.clone()).await.is_ok() {
                    return;
                }
            }
        });
    }

    /// A session gave its person another name: shown in its rooms at once, and wherever else the person is.
    pub async fn renamed(&self, seat: &Seat, person: Person) {
        self.rename_at(seat, &person);
        let news = Notice::Renamed { person, hub: self.number, session: seat.id.0 };
        if let Err(error) = self.broker.core.broadcast(Audience::Nodes, news.encode()).await {
            tracing::debug!("other nodes do not hear of a new name: {error}");
        }
    }

    /// Something that a node told all.
    pub(super) fn on_node_broadcast(&self, what: &[u8]) {
        match serde_json::from_slice(what).unwrap_or(Notice::Unknown) {
            Notice::Forgotten { user } => self.end_all_of(&user),
            Notice::Renamed { person, hub, session } => {
                for seat in self.sessions.of(&person.id) {
                    // The session that said so may have said something newer meanwhile.
                    if (hub, session) != (self.number, seat.id.0) {
                        seat.rename(person.name.clone());
                        self.rename_at(&seat, &person);
                    }
                }
            }
            Notice::Unknown => {}
        }
    }

    /// Looks all people of this node up and ends the connections of those who were forgotten.
    pub(super) async fn end_forgotten_sessions(&self) {
        let mut left = self.sessions.people();
        let mut pause = Pause::default();
        while !left.is_empty() {
            let looked_up = stream::iter(left).map(|user| async move {
                let forgotten = identity::is_forgotten(&*self.broker.state, &user).await;
                (user, forgotten)
            });
            let mut looked_up = looked_up.buffer_unordered(LOOKED_UP);
            let mut again = Vec::new();
            while let Some((user, forgotten)) = looked_up.next().await {
                match forgotten {
                    Ok(true) => self.end_all_of(&user),
                    Ok(false) => {}
                    Err(_) => again.push(user),
                }
            }
            drop(looked_up);
            left = again;
            if !left.is_empty() {
                pause.wait().await;
            }
        }
    }

    fn end_all_of(&self, user: &UserId) {
        for seat in self.sessions.of(user) {
            seat.outbox.end(CloseReason::Forgotten);
        }
    }

    fn rename_at(&self, seat: &Seat, person: &Person) {
        let rooms: Vec<_> = seat.rooms().iter().cloned().collect();
        for room in rooms {
            self.rename(&room, person);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_read_as_they_are_written_and_others_are_ignored() {
        let person = Person { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap() };
        for news in [
            Notice::Forgotten { user: person.id.clone() },
            Notice::Renamed { person, hub: u64::MAX, session: 7 },
        ] {
            assert_eq!(serde_json::from_slice::<Notice>(&news.encode()).unwrap(), news);
        }
        let later = br#"{"news":"promoted","user":"u1"}"#;
        assert_eq!(serde_json::from_slice::<Notice>(later).unwrap(), Notice::Unknown);
    }
}
