//! All sessions of a node, for what concerns every one of them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use shared::event::{Event, ServerFrame};

use crate::session::{
    Dialect, SessionId,
    outbox::{Frame, Outbox},
};

/// The register. A session is in it from its upgrade to its end.
#[derive(Debug, Default)]
pub struct Sessions {
    open: Mutex<HashMap<SessionId, (Dialect, Arc<Outbox>)>>,
    next: AtomicU64,
}

impl Sessions {
    /// Adds a session.
    pub fn add(&self, dialect: Dialect, outbox: Arc<Outbox>) -> SessionId {
        let id = SessionId(self.next.fetch_add(1, Ordering::Relaxed));
        self.lock().insert(id, (dialect, outbox));
        id
    }

    /// Takes a session away.
    pub fn remove(&self, id: SessionId) {
        self.lock().remove(&id);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many bytes wait to be written to all of them.
    pub fn waiting_bytes(&self) -> usize {
        self.all().iter().map(|(_, outbox)| outbox.waiting()).sum()
    }

    /// Tells every v1 session.
    pub fn tell_all(&self, event: &Event) {
        let frame = Frame::from(ServerFrame::Event(event.clone()).encode());
        for (dialect, outbox) in self.all() {
            match dialect {
                Dialect::V1 => outbox.push(frame.clone()),
                Dialect::Classic => {}
            }
        }
    }

    /// Everybody who is there now.
    pub fn all(&self) -> Vec<(Dialect, Arc<Outbox>)> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, (Dialect, Arc<Outbox>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
