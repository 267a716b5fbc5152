//! What the page saves in the browser's storage, and under which keys. Each room has its own keys, so that two tabs
//! do not overwrite each other.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared::{
    table::{self, record},
    text::{Name, Position, Room, UserId},
};

use super::platform::Platform;

const ME: &str = "hubbub.me";
const ROOM: &str = "hubbub.room.";
const DRAFT: &str = "hubbub.draft.";

/// Prefix of the keys of outboxes; the name of the owning tab follows.
pub const OUTBOX: &str = "hubbub.outbox.";

record! {
    /// The person at this page, as saved.
    pub(super) struct SavedIdentity {
        /// Their display name.
        name: Name,
        /// Their id, once a server assigned it.
        user: Option<UserId>,
        /// The token that proves the id. Secret.
        token: Option<String>,
    }
}

record! {
    /// A joined room, as saved.
    pub(super) struct SavedRoom: Default {
        /// When it was joined, in milliseconds since the Unix epoch: its place in the list.
        joined: u64,
        /// The last position that this browser has seen.
        head: Option<Position>,
        /// The last position that was read.
        read: Option<Position>,
        /// How many messages of others are unread.
        unread: usize,
    }
}

/// The saved person, if there is one.
pub(super) fn identity(platform: &dyn Platform) -> Option<SavedIdentity> {
    table::parse(&platform.get(ME)?).ok()
}

/// Saves the person.
pub(super) fn save_identity(platform: &dyn Platform, identity: &SavedIdentity) {
    platform.set(ME, Some(&table::text(identity)));
}

/// Removes the saved person.
pub(super) fn drop_identity(platform: &dyn Platform) {
    platform.set(ME, None);
}

/// The saved rooms, in the order of joining.
pub(super) fn rooms(platform: &dyn Platform) -> Vec<(Room, SavedRoom)> {
    let room = |key: &String| {
        let name = percent_decode_str(key.strip_prefix(ROOM)?).decode_utf8().ok()?;
        Some((Room::parse(&name).ok()?, table::parse(&platform.get(key)?).ok()?))
    };
    let mut rooms: Vec<(Room, SavedRoom)> = platform.keys(ROOM).iter().filter_map(room).collect();
    rooms.sort_by(|(a, saved_a), (b, saved_b)| (saved_a.joined, a).cmp(&(saved_b.joined, b)));
    rooms
}

/// Saves a joined room.
pub(super) fn save_room(platform: &dyn Platform, room: &Room, saved: &SavedRoom) {
    platform.set(&key(ROOM, room), Some(&table::text(saved)));
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
