//! What the page saves in the browser's storage, and under which keys. Each room has its own keys, so that two tabs
//! do not overwrite each other.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared::{
    json::{Object, Unreadable, Writer},
    text::{Name, Position, Room, UserId},
};

use super::platform::Platform;

const ME: &str = "hubbub.me";
const ROOM: &str = "hubbub.room.";
const DRAFT: &str = "hubbub.draft.";

/// Prefix of the keys of outboxes; the name of the owning tab follows.
pub const OUTBOX: &str = "hubbub.outbox.";

/// The person at this page, as saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Their display name.
    pub name: Name,
    /// Their id, once a server assigned it.
    pub user: Option<UserId>,
    /// The token that proves the id. Secret.
    pub token: Option<String>,
}

/// A joined room, as saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SavedRoom {
    /// When it was joined, in milliseconds since the Unix epoch: its place in the list.
    pub joined: u64,
    /// The last position that this browser has seen.
    pub head: Option<Position>,
    /// The last position that was read.
    pub read: Option<Position>,
    /// How many messages of others are unread.
    pub unread: usize,
}

/// The saved person, if there is one.
pub(super) fn identity(platform: &dyn Platform) -> Option<Identity> {
    Identity::read(&platform.get(ME)?).ok()
}

/// Saves the person.
pub(super) fn save_identity(platform: &dyn Platform, identity: &Identity) {
    platform.set(ME, Some(&identity.write()));
}

/// Removes the saved person.
pub(super) fn drop_identity(platform: &dyn Platform) {
    platform.set(ME, None);
}

/// The saved rooms, in the order of joining.
pub(super) fn rooms(platform: &dyn Platform) -> Vec<(Room, SavedRoom)> {
    let room = |key: &String| {
        let name = percent_decode_str(key.strip_prefix(ROOM)?).decode_utf8().ok()?;
        Some((Room::parse(&name).ok()?, SavedRoom::read(&platform.get(key)?).ok()?))
    };
    let mut rooms: Vec<(Room, SavedRoom)> = platform.keys(ROOM).iter().filter_map(room).collect();
    rooms.sort_by(|(a, saved_a), (b, saved_b)| (saved_a.joined, a).cmp(&(saved_b.joined, b)));
    rooms
}

/// Saves a joined room.
pub(super) fn save_room(platform: &dyn Platform, room: &Room, saved: &SavedRoom) {
    platform.set(&key(ROOM, room), Some(&saved.write()));
}

/// Removes a saved room.
pub(super) fn drop_room(platform: &dyn Platform, room: &Room) {
    platform.set(&key(ROOM, room), None);
}

/// The saved draft of a room; empty if there is none.
pub(super) fn draft(platform: &dyn Platform, room: &Room) -> String {
    platform.get(&key(DRAFT, room)).unwrap_or_default()
}

/// Saves the draft of a room.
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
