//! How much may be sent: per person and room, per address and room, and per address in all rooms, in messages and in
//! the bytes that are stored. What was used up outlives the connection.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use shared::text::{Room, UserId};

use super::{Bucket, Pace, Prefix, ledger::Ledger};

/// How many persons in rooms, addresses in rooms, and addresses are remembered, each: about 6 MiB together.
const REMEMBERED: usize = 50_000;

/// How many times as much an address may send to all rooms together as to one.
pub(crate) const ROOMS: u32 = 4;

/// A pace in messages and in stored bytes.
#[derive(Debug, Clone, Copy)]
pub struct SendPace {
    /// Messages.
    pub messages: Pace,
    /// Bytes, as they are stored: a control character takes six.
    pub bytes: Pace,
}

/// The bounds of sending.
#[derive(Debug, Clone, Copy)]
pub struct SendLimits {
    /// Of one person in one room.
    pub person: SendPace,
    /// Of one address in one room; [`ROOMS`] times as much in all rooms.
    pub address: SendPace,
    /// How much of an IPv6 address counts.
    pub ipv6_bits: u8,
}

/// What has been sent lately.
#[derive(Debug)]
pub struct Sends {
    limits: SendLimits,
    all_rooms: SendPace,
    hasher: RandomState,
    sent: Mutex<Sent>,
}

/// Keys are hashes, with a secret of this process: names may be long, and a clash costs somebody a little patience.
#[derive(Debug)]
struct Sent {
    persons: Ledger<u64, 2>,
    rooms: Ledger<u64, 2>,
    addresses: Ledger<Prefix, 2>,
}

impl Sends {
    /// Nobody has sent anything yet.
    pub fn new(limits: SendLimits) -> Self {
        let SendPace { messages, bytes } = limits.address;
        let all_rooms = SendPace { messages: messages.times(ROOMS), bytes: bytes.times(ROOMS) };
        let sent = Sent {
            persons: Ledger::new(REMEMBERED),
            rooms: Ledger::new(REMEMBERED),
            addresses: Ledger::new(REMEMBERED),
        };
        Self { limits, all_rooms, hasher: RandomState::new(), sent: Mutex::new(sent) }
    }

    /// Counts one message of so many stored bytes, or says how long to wait and counts nothing. Loopback is free.
    pub fn take(
        &self,
        person: &UserId,
        address: IpAddr,
        room: &Room,
        bytes: usize,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(prefix) = Prefix::of(address, self.limits.ipv6_bits) else { return Ok(()) };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let person = self.hasher.hash_one((person.as_str(), room.as_str()));
        let in_room = self.hasher.hash_one((prefix, room.as_str()));
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let Sent { persons, rooms, addresses } = &mut *sent;
        let mut accounts = [
            (persons.of(person, now), &self.limits.person),
            (rooms.of(in_room, now), &self.limits.address),
            (addresses.of(prefix, now), &self.all_rooms),
        ];
        let waits = accounts.iter().map(|(buckets, pace)| pace.wait(buckets, bytes, now));
        match waits.max().unwrap_or_default() {
            Duration::ZERO => {
                for (buckets, pace) in &mut accounts {
                    pace.spend(buckets, bytes, now);
                }
                Ok(())
            }
            wait => Err(wait),
        }
    }
}

impl SendPace {
    fn wait(&self, [messages, stored]: &[Bucket; 2], bytes: u32, now: Instant) -> Duration {
        messages.wait(&self.messages, 1, now).max(stored.wait(&self.bytes, bytes, now))
    }

    fn spend(&self, [messages, stored]: &mut [Bucket; 2], bytes: u32, now: Instant) {
        messages.spend(&self.messages, 1, now);
        stored.spend(&self.bytes, bytes, now);
    }
}

#[cfg(test)]
mod tests;
