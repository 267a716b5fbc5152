//! The names of keys and channels in Redis.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared::text::{Nonce, Room, UserId};

use crate::broker::{Key, Kind};

/// Every other character could end a hash tag or confuse people who look at the keys.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// The names of keys and channels. All of a room carry the hash tag `{room}`, so that they live in one slot
/// of a Redis Cluster.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The room's history.
    pub(super) fn stream(&self, room: &Room) -> String {
        self.room(room, "log")
    }

    /// A pattern that every [`Keys::stream`] matches, and perhaps other keys.
    pub(super) fn streams(&self) -> String {
        let mut pattern = String::new();
        for character in self.prefix.chars() {
            if matches!(character, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push_str("{*}:log");
        pattern
    }

    /// The room whose [`Keys::stream`] this is.
    pub(super) fn room_of(&self, stream: &str) -> Option<Room> {
        let name = stream.strip_prefix(self.prefix.as_str())?.strip_prefix('{')?.strip_suffix("}:log")?;
        let room = Room::parse(&percent_decode_str(name).decode_utf8().ok()?).ok()?;
        (self.stream(&room) == stream).then_some(room)
    }

    /// Last position (`l`) and running number (`n`).
    pub(super) fn head(&self, room: &Room) -> String {
        self.room(room, "head")
    }

    /// What amended entries of the room say now, by the stream id of the entry.
    pub(super) fn amended(&self, room: &Room) -> String {
        self.room(room, "amended")
    }

    /// What each node announces of the room.
    pub(super) fn here(&self, room: &Room) -> String {
        self.room(room, "here")
    }

    /// The channel of the room.
    pub(super) fn channel(&self, room: &Room) -> String {
        self.room(room, "live")
    }

    /// All that a publish needs, for a room that is published to again and again.
    pub(super) fn publishing(&self, room: &Room) -> PublishKeys {
        let names = [self.stream(room), self.head(room), self.channel(room), self.rights(room)];
        let [stream, head, channel, rights] = names;
        PublishKeys {
            names: [stream, head, channel, rights, self.amended(room), self.about(room)],
            nonces: self.room(room, "nonce:"),
            checked: AtomicBool::new(false),
        }
    }

    /// A record: version (`r`) and value (`d`).
    pub(super) fn record(&self, key: &Key) -> String {
        match key {
            Key::Secret => format!("{}secret", self.prefix),
            Key::Person(user) => format!("{}{{user:{user}}}:person", self.prefix),
            Key::Room(room) => self.about(room),
            Key::Rights(room) => self.rights(room),
        }
    }

    /// [`Key::Room`], which a publish looks at: how many entries the room keeps (`m`).
    pub(super) fn about(&self, room: &Room) -> String {
        self.room(room, "about")
    }

    /// [`Key::Rights`], which a publish looks at.
    pub(super) fn rights(&self, room: &Room) -> String {
        self.room(room, "rights")
    }

    /// The names of the records of a kind.
    pub(super) fn index(&self, kind: Kind) -> String {
        format!("{}index:{}", self.prefix, kind.as_str())
    }

    /// The key that a live node renews.
    pub(super) fn lease(&self, node: &str) -> String {
        format!("{}{{node:{node}}}:lease", self.prefix)
    }

    /// A node's own channel.
    pub(super) fn node(&self, node: &str) -> String {
        format!("{}{{node:{node}}}:live", self.prefix)
    }

    /// The channel of all nodes.
    pub(super) fn nodes(&self) -> String {
        format!("{}nodes:live", self.prefix)
    }

    fn room(&self, room: &Room, what: &str) -> String {
        format!("{}{{{}}}:{what}", self.prefix, utf8_percent_encode(room.as_str(), PLAIN))
    }
}

/// The keys of a room that a publish needs, spelled once.
#[derive(Debug)]
pub(super) struct PublishKeys {
    /// In the order in which the script wants them.
    pub(super) names: [String; 6],
    /// What the key of each nonce starts with.
    nonces: String,
    /// A publish over this connection was executed: the script has looked whether the head of the room is right.
    pub(super) checked: AtomicBool,
}

impl PublishKeys {
    /// The position that a nonce was stored at.
    pub(super) fn nonce(&self, sender: &UserId, nonce: &Nonce) -> String {
        let (sender, nonce) = (sender.as_str(), nonce.as_str());
        [self.nonces.as_str(), sender, ":", nonce].concat()
    }
}

/// The keys of rooms that were published to lately over one connection.
#[derive(Debug)]
pub(super) struct KeyCache {
    keys: Keys,
    rooms: HashMap<Room, Arc<PublishKeys>>,
}

impl KeyCache {
    /// Rooms that are remembered, a few hundred bytes each.
    const ROOMS: usize = 1024;

    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, rooms: HashMap::new() }
    }

    /// The keys of a room.
    pub(super) fn of(&mut self, room: &Room) -> Arc<PublishKeys> {
        if let Some(keys) = self.rooms.get(room) {
            return Arc::clone(keys);
        }
        if self.rooms.len() >= Self::ROOMS {
            // Which rooms are busy changes; those that still are come back at once.
            self.rooms.clear();
        }
        let keys = Arc::new(self.keys.publishing(room));
        self.rooms.insert(room.clone(), Arc::clone(&keys));
        keys
    }
}

#[cfg(test)]
mod tests;
