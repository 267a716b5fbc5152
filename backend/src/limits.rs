//! Bounds that are counted in time or per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A token bucket: `burst` at once, then one each `interval`.
#[derive(Debug, Clone)]
pub struct Bucket {
    burst: f64,
    interval: Duration,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn new(burst: u32, interval: Duration, now: Instant) -> Self {
        Self { burst: burst.into(), interval, tokens: burst.into(), filled: now }
    }

    /// Takes one, or says how long to wait for it.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let earned = now.saturating_duration_since(self.filled).as_secs_f64() / self.interval.as_secs_f64();
        self.tokens = (self.tokens + earned).min(self.burst);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err(self.interval.mul_f64(1.0 - self.tokens))
        }
    }

    fn is_full(&self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.filled).as_secs_f64() / self.interval.as_secs_f64();
        self.tokens + earned >= self.burst
    }
}

/// What each address holds. Loopback is free: it is the operator, a test or a proxy that was not declared.
#[derive(Debug)]
pub struct Addresses {
    sessions: u32,
    room_burst: u32,
    room_interval: Duration,
    held: Mutex<HashMap<IpAddr, Held>>,
}

#[derive(Debug)]
struct Held {
    sessions: u32,
    rooms: Bucket,
}

/// One session counted for its address, until dropped.
#[derive(Debug)]
pub struct Permit {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    /// `sessions` at a time; `room_burst` new rooms at once, then one each `room_interval`.
    pub fn new(sessions: u32, room_burst: u32, room_interval: Duration) -> Arc<Self> {
        Arc::new(Self { sessions, room_burst, room_interval, held: Mutex::default() })
    }

    /// Counts a session; `None` when the address has as many as it may.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        if !address.is_loopback() {
            let mut held = self.lock();
            let entry = held.entry(address).or_insert_with(|| self.fresh());
            if entry.sessions >= self.sessions {
                return None;
            }
            entry.sessions += 1;
        }
        Some(Permit { addresses: self.clone(), address })
    }

    /// Counts a new room, or says how long to wait.
    pub fn new_room(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if address.is_loopback() {
            return Ok(());
        }
        self.lock().entry(address).or_insert_with(|| self.fresh()).rooms.take(now)
    }

    fn fresh(&self) -> Held {
        Held { sessions: 0, rooms: Bucket::new(self.room_burst, self.room_interval, Instant::now()) }
    }

    fn leave(&self, address: IpAddr) {
        if address.is_loopback() {
            return;
        }
        let mut held = self.lock();
        if let Some(entry) = held.get_mut(&address) {
            entry.sessions -= 1;
        }
        let now = Instant::now();
        held.retain(|_, entry| entry.sessions > 0 || !entry.rooms.is_full(now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.addresses.leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, Duration::from_secs(10), start);
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(Duration::from_secs(10)));
        assert_eq!(bucket.take(start + Duration::from_secs(5)), Err(Duration::from_secs(5)));
        assert_eq!(bucket.take(start + Duration::from_secs(10)), Ok(()));
        for _ in 0..3 {
            assert_eq!(bucket.take(start + Duration::from_secs(1000)), Ok(()));
        }
        assert!(bucket.take(start + Duration::from_secs(1000)).is_err());
    }

    #[test]
    fn addresses_are_counted_and_forgotten() {
        let addresses = Addresses::new(2, 1, Duration::from_millis(1));
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
        assert!(addresses.lock().is_empty());
    }

    #[test]
    fn new_rooms_are_paced_except_on_loopback() {
        let addresses = Addresses::new(1, 2, Duration::from_secs(10));
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        let now = Instant::now();
        assert!(addresses.new_room(far, now).is_ok());
        assert!(addresses.new_room(far, now).is_ok());
        assert!(addresses.new_room(far, now).is_err());
        assert!((0..100).all(|_| addresses.new_room("::1".parse().unwrap(), now).is_ok()));
    }
}
