//! Who asked to be forgotten, in the memory of each node.
//!
//! The broker keeps it in the person's record. If the broker loses its data, tokens that were worthless would count
//! again. So each node remembers the forgotten people that it heard of, refuses their tokens whatever the broker says,
//! and writes the records again when it finds that they are gone.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{StreamExt, stream};
use shared::text::UserId;

use super::person::{self, Standing};
use crate::broker::{State, StateError};

/// People whom a node remembers; the oldest go first.
pub(crate) const REMEMBERED: usize = 16_384;

/// Records that are looked up at once.
const LOOKED_UP: usize = 64;

/// The forgotten people that this node heard of. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Forgotten(Arc<Mutex<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    people: HashSet<UserId>,
    order: VecDeque<UserId>,
}

impl Forgotten {
    /// This person asked to be forgotten.
    pub fn remember(&self, user: &UserId) {
        let mut remembered = self.lock();
        if remembered.people.insert(user.clone()) {
            remembered.order.push_back(user.clone());
            if remembered.order.len() > REMEMBERED
                && let Some(oldest) = remembered.order.pop_front()
            {
                remembered.people.remove(&oldest);
            }
        }
    }

    /// Whether this node heard that the person was forgotten.
    pub fn contains(&self, user: &UserId) -> bool {
        self.lock().people.contains(user)
    }

    /// Writes the records that the broker lost; returns how many.
    pub async fn restore(&self, state: &dyn State) -> Result<usize, StateError> {
        let people: Vec<_> = self.lock().order.iter().cloned().collect();
        let written = stream::iter(people).map(|user| async move {
            let lost = person::standing(state, &user).await? != Standing::Forgotten;
            if lost {
                person::revoke(state, &user).await?;
            }
            Ok::<_, StateError>(usize::from(lost))
        });
        let mut written = written.buffer_unordered(LOOKED_UP);
        let mut restored = 0;
        while let Some(one) = written.next().await {
            restored += one?;
        }
        Ok(restored)
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_dropped_beyond_the_bound() {
        let forgotten = Forgotten::default();
        let user = |number: usize| UserId::parse(&format!("u{number}")).unwrap();
        for number in 0..=REMEMBERED {
            forgotten.remember(&user(number));
            forgotten.remember(&user(number));
        }
        assert_eq!(forgotten.lock().order.len(), REMEMBERED);
        assert!(!forgotten.contains(&user(0)) && forgotten.contains(&user(1)));
        assert!(forgotten.contains(&user(REMEMBERED)));
    }
}
