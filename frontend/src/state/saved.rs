//! What is kept in the browser's storage, and under which keys. Each room has keys of its own, so that two tabs do
//! not overwrite each other.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared::{
    json::{Object, Unreadable, Writer},
    text::{Name, Position, Room, UserId},
};

use super::Platform;
use crate::few;

const ME: &str = "hubbub.me";
const ROOM: &str = "hubbub.room.";
const DRAFT: &str = "hubbub.draft.";

/// Outboxes stand under this, by the name of the tab that owns them.
pub const OUTBOX: &str = "hubbub.outbox.";

/// Who the person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// What they are called.
    pub name: Name,
    /// Who they are, once a server said so.
    pub user: Option<UserId>,
    /// What proves it. Secret.
    pub token: Option<String>,
}

/// A joined room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SavedRoom {
    /// When it was joined, in milliseconds since the Unix epoch: its place in the list.
    pub joined: u64,
    /// The last position that this browser has seen.
    pub head: Option<Position>,
    /// The last position that was read.
    pub read: Option<Position>,
    /// How many messages of others are behind it.
    pub unread: usize,
}

/// Who the person is, if they were here before.
pub(super) fn identity(platform: &dyn Platform) -> Option<Identity> {
    Identity::read(&platform.get(ME)?).ok()
}

/// Keeps who the person is.
pub(super) fn save_identity(platform: &dyn Platform, identity: &Identity) {
    platform.set(ME, Some(&identity.write()));
}

/// Drops it.
pub(super) fn drop_identity(platform: &dyn Platform) {
    platform.set(ME, None);
}

/// The joined rooms, in the order of joining.
pub(super) fn rooms(platform: &dyn Platform) -> Vec<(Room, SavedRoom)> {
    let room = |key: &String| {
        let name = percent_decode_str(key.strip_prefix(ROOM)?).decode_utf8().ok()?;
        Some((Room::parse(&name).ok()?, SavedRoom::read(&platform.get(key)?).ok()?))
    };
    let mut rooms: Vec<(Room, SavedRoom)> = platform.keys(ROOM).iter().filter_map(room).collect();
    few::sort(&mut rooms, |(a, kept_a), (b, kept_b)| (kept_a.joined, a) < (kept_b.joined, b));
    rooms
}

/// Keeps a joined room.
pub(super) fn save_room(platform: &dyn Platform, room: &Room, kept: &SavedRoom) {
    platform.set(&key(ROOM, room), Some(&kept.write()));
}

/// Forgets a room.
pub(super) fn drop_room(platform: &dyn Platform, room: &Room) {
    platform.set(&key(ROOM, room), None);
}

/// The draft of a room; empty if there is none.
pub(super) fn draft(platform: &dyn Platform, room: &Room) -> String {
    platform.get(&key(DRAFT, room)).unwrap_or_default()
}

/// Keeps the draft of a room.
pub(super) fn save_draft(platform: &dyn Platform, room: &Room, text: &str) {
    platform.set(&key(DRAFT, room), Some(text).filter(|text| !text.is_empty()));
}

fn key(prefix: &str, room: &Room) -> String {
    format!("{prefix}{}", utf8_percent_encode(room.as_str(), NON_ALPHANUMERIC))
}

impl Identity {
    fn read(text: &str) -> Result<Self, Unreadable> {
        let mut fields = Object::parse(text)?;
        Ok(Self {
            name: fields.parsed("name", Name::parse)?,
            user: fields.maybe_parsed("user", UserId::parse)?,
            token: fields.maybe("token").map(|token| token.text("token")).transpose()?,
        })
    }

    fn write(&self) -> String {
        let mut fields = Writer::new();
        fields.text("name", self.name.as_str());
        fields.maybe_text("user", self.user.as_ref().map(UserId::as_str));
        fields.maybe_text("token", self.token.as_deref()).end()
    }
}

impl SavedRoom {
    fn read(text: &str) -> Result<Self, Unreadable> {
        let mut fields = Object::parse(text)?;
        Ok(Self {
            joined: fields.maybe_whole("joined")?.unwrap_or_default(),
            head: fields.maybe_parsed("head", Position::parse)?,
            read: fields.maybe_parsed("read", Position::parse)?,
            unread: fields
                .maybe_whole("unread")?
                .and_then(|unread| unread.try_into().ok())
                .unwrap_or_default(),
        })
    }

    fn write(&self) -> String {
        let mut fields = Writer::new();
        fields.whole("joined", self.joined);
        fields.maybe_text("head", self.head.as_ref().map(Position::as_str));
        fields.maybe_text("read", self.read.as_ref().map(Position::as_str));
        fields.whole("unread", self.unread as u64).end()
    }
}
