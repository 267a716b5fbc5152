//! What nodes tell each other about people: who was forgotten, and who has a new name.
//!
//! A connection of a forgotten person ends on every node that hears of it. A node that may have missed something (its
//! broker connection was interrupted, or a lane was full) looks its own people up in the broker's state: connections
//! of forgotten people end, and names that were changed meanwhile are taken over.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use shared::{close::CloseReason, text::UserId};

use super::{Hub, repair::Pause, sessions::SessionHandle};
use crate::{
    broker::{Audience, StateError, presence::Occupant},
    identity::person::{self, KeptName, Standing},
};

/// People who are looked up at once.
const LOOKED_UP: usize = 64;

/// How often the node tries to reach the other nodes.
const TRIES: usize = 60;

/// A broadcast to all nodes. A node ignores kinds that it does not know.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
enum Notice {
    /// All tokens of this person are worthless.
    Forgotten { user: UserId },
    /// This person has a new name.
    Renamed { person: Occupant },
    #[serde(other)]
    Unknown,
}

impl Notice {
    fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Hub {
    /// Ends all connections of a person who was forgotten, here and on all other nodes.
    pub async fn forgotten(self: &Arc<Self>, user: UserId) {
        self.end_sessions_of(&user);
        let notice = Notice::Forgotten { user }.encode();
        if self.broker.core.broadcast(Audience::Nodes, notice.clone()).await.is_ok() {
            return;
        }
        // The record is written: whoever shows a token is refused. The other nodes are told as soon as possible.
        let hub = self.clone();
        self.tasks.spawn(async move {
            let mut pause = Pause::default();
            for _ in 0..TRIES {
                pause.wait().await;
                if hub.broker.core.broadcast(Audience::Nodes, notice.clone()).await.is_ok() {
                    return;
                }
            }
        });
    }

    /// Shows a person's new name in all their rooms, here and on all other nodes.
    pub async fn renamed(&self, handle: &SessionHandle, person: Occupant) {
        self.rename_in_rooms_of(handle, &person);
        let notice = Notice::Renamed { person };
        if let Err(error) = self.broker.core.broadcast(Audience::Nodes, notice.encode()).await {
            tracing::debug!("other nodes do not hear of a new name: {error}");
        }
    }

    /// Something that a node sent to all nodes.
    pub(super) fn on_node_broadcast(&self, what: &[u8]) {
        match serde_json::from_slice(what).unwrap_or(Notice::Unknown) {
            Notice::Forgotten { user } => {
                self.settings.forgotten.remember(&user);
                self.end_sessions_of(&user);
            }
            Notice::Renamed { person } => self.rename_everywhere(&person),
            Notice::Unknown => {}
        }
    }

    /// Makes up for broadcasts that this node may have missed, and for records that the broker may have lost.
    pub(super) async fn look_people_up(&self) {
        let mut pause = Pause::default();
        loop {
            match self.settings.forgotten.restore(&*self.broker.state).await {
                Ok(0) => break,
                Ok(restored) => {
                    tracing::warn!(
                        restored,
                        "the broker had lost data: it did not know any more that people were forgotten, and was told \
                         again what this node remembers of that; see docs/reliability.md for what it cannot remember"
                    );
                    break;
                }
                Err(_) => pause.wait().await,
            }
        }
        let mut left = self.sessions.people();
        while !left.is_empty() {
            let mut looked_up = stream::iter(left)
                .map(|user| async move { (self.look_up(&user).await, user) })
                .buffer_unordered(LOOKED_UP);
            let mut again = Vec::new();
            while let Some((done, user)) = looked_up.next().await {
                if done.is_err() {
                    again.push(user);
                }
            }
            drop(looked_up);
            left = again;
            if !left.is_empty() {
                pause.wait().await;
            }
        }
    }

    async fn look_up(&self, user: &UserId) -> Result<(), StateError> {
        match person::standing(&*self.broker.state, user).await? {
            Standing::Forgotten => {
                self.settings.forgotten.remember(user);
                self.end_sessions_of(user);
            }
            Standing::Known(Some(KeptName { name, version })) => {
                self.rename_everywhere(&Occupant { id: user.clone(), name, named: version });
            }
            Standing::Known(None) => {}
        }
        Ok(())
    }

    fn end_sessions_of(&self, user: &UserId) {
        for handle in self.sessions.of(user) {
            handle.outbox.end(CloseReason::Forgotten);
        }
    }

    /// Gives all sessions of the person the name, unless they know a newer one.
    fn rename_everywhere(&self, person: &Occupant) {
        for handle in self.sessions.of(&person.id) {
            handle.rename(KeptName { name: person.name.clone(), version: person.named });
            self.rename_in_rooms_of(&handle, person);
        }
    }

    fn rename_in_rooms_of(&self, handle: &SessionHandle, person: &Occupant) {
        let rooms: Vec<_> = handle.rooms().iter().cloned().collect();
        for room in rooms {
            self.rename(&room, person);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_read_as_they_are_written_and_others_are_ignored() {
        let person = Occupant { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), named: 7 };
        for notice in [Notice::Forgotten { user: person.id.clone() }, Notice::Renamed { person }] {
            assert_eq!(serde_json::from_slice::<Notice>(&notice.encode()).unwrap(), notice);
        }
        let later = br#"{"news":"promoted","user":"u1"}"#;
        assert_eq!(serde_json::from_slice::<Notice>(later).unwrap(), Notice::Unknown);
    }
}
