//! How things are called in Redis.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared::text::{Nonce, Room, UserId};

use crate::broker::{Key, Kind};

/// Everything else could end a hash tag or confuse whoever looks at the keys.
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

    /// The pattern that every [`Keys::stream`] matches, and perhaps others.
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

    /// What each node says of who is in the room.
    pub(super) fn here(&self, room: &Room) -> String {
        self.room(room, "here")
    }

    /// Where the room's entries are handed over.
    pub(super) fn channel(&self, room: &Room) -> String {
        self.room(room, "live")
    }

    /// The position that a nonce was stored at.
    pub(super) fn nonce(&self, room: &Room, sender: &UserId, nonce: &Nonce) -> String {
        self.room(room, &format!("nonce:{sender}:{nonce}"))
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

    /// What a living node renews.
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

#[cfg(test)]
mod tests;
