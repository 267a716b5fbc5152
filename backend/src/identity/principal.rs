//! Who a session is.

use shared::{
    person::{Sender, SenderKind},
    text::{Name, UserId},
};

use super::{fresh::fresh_id, person::KeptName};
use crate::broker::presence::Occupant;

/// Who a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// How this person signs messages.
    pub sender: Sender,
    /// The version of the name; 0 for one that was never changed.
    pub named: u64,
}

impl Principal {
    /// A nameless client of the classic dialect, with an id for this connection alone.
    pub fn classic() -> Self {
        let name = Name::parse("Guest").unwrap_or_else(|_| unreachable!("a valid name"));
        Self { sender: Sender { id: fresh_id("c"), name, kind: SenderKind::Classic }, named: 0 }
    }

    /// A guest who was not here before.
    pub fn new_guest(name: Name) -> Self {
        Self::guest(fresh_id("u"), name, 0)
    }

    pub(super) fn guest(id: UserId, name: Name, named: u64) -> Self {
        Self { sender: Sender { id, name, kind: SenderKind::Guest }, named }
    }

    /// How others see this person in a room; classic clients are not seen.
    pub fn occupant(&self) -> Option<Occupant> {
        let Sender { id, name, kind } = &self.sender;
        match kind {
            SenderKind::Guest => Some(Occupant { id: id.clone(), name: name.clone(), named: self.named }),
            SenderKind::Classic | SenderKind::Unknown => None,
        }
    }

    /// Takes over a newer name; true if it is newer.
    pub fn follow(&mut self, kept: KeptName) -> bool {
        let newer = kept.version > self.named;
        if newer {
            self.named = kept.version;
            self.sender.name = kept.name;
        }
        newer
    }
}
