//! TCP connections: how many one address and how many all together may have.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::Prefix;

/// The bounds of TCP connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// All together.
    pub all: u32,
    /// From one address; never more than half of all.
    pub per_address: u32,
    /// How much of an IPv6 address counts.
    pub ipv6_bits: u8,
}

/// The TCP connections of a listener. A quarter of them is kept for sockets: when the rest is taken by connections
/// that are not upgraded, what comes then is served only if it asks for a socket.
#[derive(Debug)]
pub struct Connections {
    limits: ConnectionLimits,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: u32,
    /// Those that were not upgraded.
    plain: u32,
    prefixes: HashMap<Prefix, u32>,
}

/// Why a connection is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Its address has as many as it may.
    Address,
    /// All connections together are as many as may be.
    Node,
}

/// One connection that is counted until this is dropped.
#[derive(Debug)]
pub struct Permit {
    connections: Arc<Connections>,
    prefix: Option<Prefix>,
    for_upgrade: bool,
    upgraded: AtomicBool,
    /// Bytes that came since the last whole message.
    unfinished: AtomicUsize,
}

impl Connections {
    /// None yet.
    pub fn new(mut limits: ConnectionLimits) -> Arc<Self> {
        limits.per_address = limits.per_address.min((limits.all / 2).max(1));
        Arc::new(Self { limits, held: Mutex::default() })
    }

    /// Counts a connection. `None` for the address: it is free of the bound for one address.
    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Permit, Full> {
        let prefix = address.and_then(|address| Prefix::of(address, self.limits.ipv6_bits));
        let mut held = self.lock();
        if held.all >= self.limits.all {
            return Err(Full::Node);
        }
        if let Some(prefix) = prefix {
            let own = held.prefixes.entry(prefix).or_default();
            if *own >= self.limits.per_address {
                return Err(Full::Address);
            }
            *own += 1;
        }
        let for_upgrade = held.plain >= self.limits.all - self.limits.all / 4;
        held.all += 1;
        held.plain += 1;
        Ok(Permit {
            connections: self.clone(),
            prefix,
            for_upgrade,
            upgraded: AtomicBool::new(false),
            unfinished: AtomicUsize::new(0),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Whether this connection is served only if it asks for a socket.
    pub fn is_for_upgrade(&self) -> bool {
        self.for_upgrade
    }

    /// The connection has become a socket.
    pub fn upgrade(&self) {
        if !self.upgraded.swap(true, Ordering::AcqRel) {
            self.connections.lock().plain -= 1;
        }
    }

    /// Counts bytes that came.
    pub fn received(&self, bytes: usize) {
        self.unfinished.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A whole message came.
    pub fn finished(&self) {
        self.unfinished.store(0, Ordering::Relaxed);
    }

    /// Bytes that came since the last whole message: fragments without content cost bytes and make no message.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::Relaxed)
    }

    /// Whether the connection has become a socket.
    pub fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Acquire)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.connections.lock();
        held.all -= 1;
        if !self.is_upgraded() {
            held.plain -= 1;
        }
        if let Some(prefix) = self.prefix
            && let Some(own) = held.prefixes.get_mut(&prefix)
        {
            *own -= 1;
            if *own == 0 {
                held.prefixes.remove(&prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: u32, per_address: u32) -> Arc<Connections> {
        Connections::new(ConnectionLimits { all, per_address, ipv6_bits: 64 })
    }

    fn enter(connections: &Arc<Connections>, address: &str) -> Result<Permit, Full> {
        connections.enter(Some(address.parse().unwrap()))
    }

    #[test]
    fn connections_are_counted_by_address_and_in_all() {
        let connections = connections(10, 2);
        let first = enter(&connections, "192.0.2.1").unwrap();
        let _second = enter(&connections, "192.0.2.1").unwrap();
        assert_eq!(enter(&connections, "192.0.2.1").unwrap_err(), Full::Address);
        let _network: Vec<_> =
            (1..3).map(|end| enter(&connections, &format!("2001:db8::{end}")).unwrap()).collect();
        assert_eq!(enter(&connections, "2001:db8::ffff").unwrap_err(), Full::Address);
        drop(first);
        let _third = enter(&connections, "192.0.2.1").unwrap();
        let _free: Vec<_> = (0..6).map(|_| enter(&connections, "127.0.0.1").unwrap()).collect();
        assert_eq!(enter(&connections, "127.0.0.1").unwrap_err(), Full::Node);
        assert_eq!(connections.enter(None).unwrap_err(), Full::Node);
    }

    #[test]
    fn one_address_gets_at_most_half() {
        let connections = connections(240, 1000);
        let held: Vec<_> = (0..120).map(|_| enter(&connections, "192.0.2.1").unwrap()).collect();
        assert_eq!(enter(&connections, "192.0.2.1").unwrap_err(), Full::Address);
        assert!(enter(&connections, "192.0.2.2").is_ok());
        drop(held);
        assert!(connections.lock().prefixes.is_empty());
    }

    #[test]
    fn a_quarter_is_kept_for_sockets() {
        let connections = connections(8, 8);
        let plain: Vec<_> = (0..6).map(|_| connections.enter(None).unwrap()).collect();
        assert!(plain.iter().all(|permit| !permit.is_for_upgrade()));
        let socket = connections.enter(None).unwrap();
        assert!(socket.is_for_upgrade());
        plain[0].upgrade();
        plain[0].upgrade();
        socket.upgrade();
        assert!(!connections.enter(None).unwrap().is_for_upgrade(), "sockets do not count as plain");
        drop((plain, socket));
        let held = connections.lock();
        assert_eq!((held.all, held.plain), (0, 0));
    }
}
