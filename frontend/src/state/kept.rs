//! What is kept in the browser's storage, and under which keys. Each room has keys of its own, so that two tabs do
//! not overwrite each other.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::text::{Name, Position, Room, UserId};

use super::World;

const ME: &str = "hubbub.me";
const ROOM: &str = "hubbub.room.";
const DRAFT: &str = "hubbub.draft.";

/// Outboxes stand under this, by the name of the tab that owns them.
pub const OUTBOX: &str = "hubbub.outbox.";

/// Who the person is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// What they are called.
    pub name: Name,
    /// Who they are, once a server said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// What proves it. Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A joined room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptRoom {
    /// When it was joined, in milliseconds since the Unix epoch: its place in the list.
    #[serde(default)]
    pub joined: u64,
    /// The last position that this browser has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Position>,
    /// The last position that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Position>,
    /// How many messages of others are behind it.
    #[serde(default)]
    pub unread: usize,
}

/// Who the person is, if they were here before.
pub(super) fn identity(world: &dyn World) -> Option<Identity> {
    parse(&world.get(ME)?)
}

/// Keeps who the person is.
pub(super) fn keep_identity(world: &dyn World, identity: &Identity) {
    keep(world, ME, identity);
}

/// The joined rooms, in the order of joining.
pub(super) fn rooms(world: &dyn World) -> Vec<(Room, KeptRoom)> {
    let room = |key: &String| {
        let name = percent_decode_str(key.strip_prefix(ROOM)?).decode_utf8().ok()?;
        Some((Room::parse(&name).ok()?, parse(&world.get(key)?)?))
    };
    let mut rooms: Vec<(Room, KeptRoom)> = world.keys(ROOM).iter().filter_map(room).collect();
    rooms.sort_by(|(a, kept_a), (b, kept_b)| (kept_a.joined, a).cmp(&(kept_b.joined, b)));
    rooms
}

/// Keeps a joined room.
pub(super) fn keep_room(world: &dyn World, room: &Room, kept: &KeptRoom) {
    keep(world, &key(ROOM, room), kept);
}

/// Forgets a room.
pub(super) fn drop_room(world: &dyn World, room: &Room) {
    world.set(&key(ROOM, room), None);
}

/// The draft of a room; empty if there is none.
pub(super) fn draft(world: &dyn World, room: &Room) -> String {
    world.get(&key(DRAFT, room)).unwrap_or_default()
}

/// Keeps the draft of a room.
pub(super) fn keep_draft(world: &dyn World, room: &Room, text: &str) {
    world.set(&key(DRAFT, room), Some(text).filter(|text| !text.is_empty()));
}

fn key(prefix: &str, room: &Room) -> String {
    format!("{prefix}{}", utf8_percent_encode(room.as_str(), NON_ALPHANUMERIC))
}

fn keep(world: &dyn World, key: &str, value: &impl Serialize) {
    world.set(key, serde_json::to_string(value).ok().as_deref());
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
