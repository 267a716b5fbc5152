//! All sessions of a node, for what concerns every one of them, or all of one person.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use shared::{
    event::{Event, ServerFrame},
    text::{Room, UserId},
};

use crate::identity::person::KeptName;
use crate::{
    outbox::{Frame, Outbox},
    peer::{Dialect, SessionId},
};

/// The register. A session is in it from its upgrade to its end.
#[derive(Debug, Default)]
pub struct Sessions {
    register: Mutex<Register>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct Register {
    open: HashMap<SessionId, (Arc<SessionHandle>, Option<UserId>)>,
    people: HashMap<UserId, Vec<SessionId>>,
}

/// One session, as the rest of its node sees it.
#[derive(Debug)]
pub struct SessionHandle {
    /// Which session.
    pub id: SessionId,
    /// What it speaks.
    pub dialect: Dialect,
    /// Where its frames go.
    pub outbox: Arc<Outbox>,
    rooms: Mutex<HashSet<Room>>,
    new_name: Mutex<Option<KeptName>>,
    /// There is a new name: most of the time nobody has to look.
    renamed: AtomicBool,
}

impl SessionHandle {
    /// The rooms that it is in. Not to be held across a wait.
    pub fn rooms(&self) -> MutexGuard<'_, HashSet<Room>> {
        lock(&self.rooms)
    }

    /// The person has another name from now on.
    pub fn rename(&self, name: KeptName) {
        let mut new_name = lock(&self.new_name);
        if new_name.as_ref().is_none_or(|known| known.version < name.version) {
            *new_name = Some(name);
        }
        self.renamed.store(true, Ordering::Release);
    }

    /// The name that was chosen elsewhere since this was asked last.
    pub fn new_name(&self) -> Option<KeptName> {
        if self.renamed.load(Ordering::Acquire) && self.renamed.swap(false, Ordering::AcqRel) {
            lock(&self.new_name).take()
        } else {
            None
        }
    }
}

impl Sessions {
    /// Adds a session.
    pub fn add(&self, dialect: Dialect, outbox: Arc<Outbox>) -> Arc<SessionHandle> {
        let id = SessionId(self.next.fetch_add(1, Ordering::Relaxed));
        let handle = Arc::new(SessionHandle {
            id,
            dialect,
            outbox,
            rooms: Mutex::default(),
            new_name: Mutex::default(),
            renamed: AtomicBool::new(false),
        });
        lock(&self.register).open.insert(id, (handle.clone(), None));
        handle
    }

    /// Notes who a session is, or claims to be.
    pub fn identify(&self, id: SessionId, user: &UserId) {
        let mut register = lock(&self.register);
        let Some((_, known)) = register.open.get_mut(&id) else { return };
        match known.replace(user.clone()) {
            Some(before) if before == *user => return,
            Some(before) => register.part(id, &before),
            None => {}
        }
        register.people.entry(user.clone()).or_default().push(id);
    }

    /// Takes a session away.
    pub fn remove(&self, id: SessionId) {
        let mut register = lock(&self.register);
        if let Some((_, Some(user))) = register.open.remove(&id) {
            register.part(id, &user);
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        lock(&self.register).open.len()
    }

    /// How many bytes wait to be written to all of them.
    pub fn waiting_bytes(&self) -> usize {
        self.all().iter().map(|handle| handle.outbox.waiting()).sum()
    }

    /// Tells every v1 session.
    pub fn tell_all(&self, event: &Event) {
        let frame = Frame::from(ServerFrame::Event(event.clone()).encode());
        for handle in self.all() {
            match handle.dialect {
                Dialect::V1 => handle.outbox.push(frame.clone()),
                Dialect::Classic => {}
            }
        }
    }

    /// All sessions.
    pub fn all(&self) -> Vec<Arc<SessionHandle>> {
        lock(&self.register).open.values().map(|(handle, _)| handle.clone()).collect()
    }

    /// The sessions of one person.
    pub fn of(&self, user: &UserId) -> Vec<Arc<SessionHandle>> {
        let register = lock(&self.register);
        let ids = register.people.get(user).into_iter().flatten();
        ids.filter_map(|id| register.open.get(id)).map(|(handle, _)| handle.clone()).collect()
    }

    /// All identified users.
    pub fn people(&self) -> Vec<UserId> {
        lock(&self.register).people.keys().cloned().collect()
    }
}

impl Register {
    fn part(&mut self, id: SessionId, user: &UserId) {
        if let Some(ids) = self.people.get_mut(user) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.people.remove(user);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_found_by_person_until_they_are_somebody_else_or_gone() {
        let sessions = Sessions::default();
        let add = || sessions.add(Dialect::V1, Arc::new(Outbox::new(1)));
        let (ana, bo): (UserId, UserId) = ("ana".parse().unwrap(), "bo".parse().unwrap());
        let (one, two, three) = (add(), add(), add());
        for handle in [&one, &two, &one] {
            sessions.identify(handle.id, &ana);
        }
        let ids = |user: &UserId| sessions.of(user).iter().map(|handle| handle.id).collect::<Vec<_>>();
        assert_eq!((ids(&ana), ids(&bo)), (vec![one.id, two.id], vec![]));
        sessions.identify(one.id, &bo);
        assert_eq!((ids(&ana), ids(&bo)), (vec![two.id], vec![one.id]));
        sessions.remove(two.id);
        sessions.remove(three.id);
        assert_eq!((sessions.people(), sessions.count()), (vec![bo], 1));
    }

    #[test]
    fn a_new_name_is_told_once() {
        let handle = Sessions::default().add(Dialect::V1, Arc::new(Outbox::new(1)));
        assert_eq!(handle.new_name(), None);
        for (name, version) in [("Ana", 1), ("Anna", 3), ("Ann", 2)] {
            handle.rename(KeptName { name: name.parse().unwrap(), version });
        }
        assert_eq!(handle.new_name().unwrap().name.as_str(), "Anna", "the newest");
        assert_eq!(handle.new_name(), None);
    }
}
