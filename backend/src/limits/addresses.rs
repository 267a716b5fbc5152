//! What each address holds and has used up.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Pace, Prefix, ledger::Ledger};

/// How many prefixes with a bucket that is not full are remembered.
const REMEMBERED: usize = 100_000;

/// The bounds of one address.
#[derive(Debug, Clone, Copy)]
pub struct AddressLimits {
    /// Sessions at a time.
    pub sessions: u32,
    /// New rooms.
    pub new_rooms: Pace,
    /// Persons who ask to be forgotten: each leaves a record for as long as a token lives.
    pub forgets: Pace,
    /// How much of an IPv6 address counts.
    pub ipv6_bits: u8,
}

/// What each address holds and has used up.
#[derive(Debug)]
pub struct Addresses {
    limits: AddressLimits,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    sessions: HashMap<Prefix, u32>,
    new_rooms: Ledger<Prefix, 1>,
    forgets: Ledger<Prefix, 1>,
    names: Ledger<Prefix, 1>,
}

/// One session counted for its address, until dropped.
#[derive(Debug)]
pub struct Permit {
    addresses: Arc<Addresses>,
    prefix: Option<Prefix>,
}

impl Addresses {
    /// Nobody has used anything yet.
    pub fn new(limits: AddressLimits) -> Arc<Self> {
        let held = Held {
            sessions: HashMap::new(),
            new_rooms: Ledger::new(REMEMBERED),
            forgets: Ledger::new(REMEMBERED),
            names: Ledger::new(REMEMBERED),
        };
        Arc::new(Self { limits, held: Mutex::new(held) })
    }

    /// Counts a session; `None` when the address has as many as it may.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let prefix = self.prefix(address);
        if let Some(prefix) = prefix {
            let mut held = self.lock();
            let sessions = held.sessions.entry(prefix).or_default();
            if *sessions >= self.limits.sessions {
                return None;
            }
            *sessions += 1;
        }
        Some(Permit { addresses: self.clone(), prefix })
    }

    /// Counts a new room, or says how long to wait.
    pub fn new_room(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(prefix) = self.prefix(address) else { return Ok(()) };
        self.lock().new_rooms.of(prefix, now)[0].take(&self.limits.new_rooms, 1, now)
    }

    /// Counts a person who asks to be forgotten, or says how long to wait.
    pub fn forget(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(prefix) = self.prefix(address) else { return Ok(()) };
        self.lock().forgets.of(prefix, now)[0].take(&self.limits.forgets, 1, now)
    }

    /// Counts a new name, which leaves a record as [`Addresses::forget`] does, at the same pace. False if there were too
    /// many lately: then the name is not kept.
    pub fn keeps_name(&self, address: IpAddr, now: Instant) -> bool {
        let Some(prefix) = self.prefix(address) else { return true };
        self.lock().names.of(prefix, now)[0].take(&self.limits.forgets, 1, now).is_ok()
    }

    fn prefix(&self, address: IpAddr) -> Option<Prefix> {
        Prefix::of(address, self.limits.ipv6_bits)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(prefix) = self.prefix else { return };
        let mut held = self.addresses.lock();
        if let Some(sessions) = held.sessions.get_mut(&prefix) {
            *sessions -= 1;
            if *sessions == 0 {
                held.sessions.remove(&prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(sessions: u32, new_rooms: u32) -> Arc<Addresses> {
        let new_rooms = Pace::new(new_rooms, Duration::from_secs(10));
        let forgets = Pace::new(3, Duration::from_secs(600));
        Addresses::new(AddressLimits { sessions, new_rooms, forgets, ipv6_bits: 64 })
    }

    #[test]
    fn addresses_are_counted_and_forgotten() {
        let addresses = addresses(2, 1);
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        let near: IpAddr = "127.0.0.1".parse().unwrap();
        let first = addresses.enter(far).unwrap();
        let second = addresses.enter(far).unwrap();
        assert!(addresses.enter(far).is_none());
        drop(first);
        let third = addresses.enter(far);
        assert!(third.is_some());
        let loopback: Vec<_> = (0..10).map(|_| addresses.enter(near)).collect();
        assert!(loopback.iter().all(Option::is_some));
        drop((third, second));
        assert!(addresses.lock().sessions.is_empty());
    }

    #[test]
    fn a_network_is_counted_as_one_address() {
        let addresses = addresses(1, 1);
        let (one, other) = ("2001:db8::1".parse().unwrap(), "2001:db8::2:3".parse().unwrap());
        let _held = addresses.enter(one).unwrap();
        assert!(addresses.enter(other).is_none());
        assert!(addresses.enter("2001:db8:0:1::1".parse().unwrap()).is_some());
        let now = Instant::now();
        assert!(addresses.new_room(one, now).is_ok());
        assert!(addresses.new_room(other, now).is_err());
    }

    #[test]
    fn new_rooms_are_paced_except_on_loopback() {
        let addresses = addresses(1, 2);
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        let now = Instant::now();
        assert!(addresses.new_room(far, now).is_ok());
        assert!(addresses.new_room(far, now).is_ok());
        assert!(addresses.new_room(far, now).is_err());
        assert!((0..100).all(|_| addresses.new_room("::1".parse().unwrap(), now).is_ok()));
    }

    #[test]
    fn who_asks_to_be_forgotten_is_paced_except_on_loopback() {
        let (addresses, now) = (addresses(1, 1), Instant::now());
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!((0..10_000).filter(|_| addresses.forget(far, now).is_ok()).count(), 3);
        assert_eq!(addresses.forget(far, now), Err(Duration::from_secs(600)));
        assert!((0..100).all(|_| addresses.forget("127.0.0.1".parse().unwrap(), now).is_ok()));
    }

    #[test]
    fn few_names_of_one_address_are_kept() {
        let (addresses, now) = (addresses(1, 1), Instant::now());
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!((0..10_000).filter(|_| addresses.keeps_name(far, now)).count(), 3);
        assert!(addresses.forget(far, now).is_ok(), "counted apart");
        assert!((0..100).all(|_| addresses.keeps_name("127.0.0.1".parse().unwrap(), now)));
    }
}
