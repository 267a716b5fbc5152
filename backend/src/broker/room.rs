//! How a room is kept: the value of [`Key::Room`].
//!
//! A room without a record is kept as the settings of the nodes say. A record counts on every node from the moment it is
//! written, because the broker reads it in the step that stores and in the step that reads.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::text::Room;

use super::state::{Key, State, StateError};

/// The record, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoomRecord {
    /// How many entries the room keeps, instead of what the settings say. With 0 it has no history: a message is
    /// delivered to the members, has its place in the chain, and is nowhere afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u64>,
    /// What a later version wrote; it stays when this one writes.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl RoomRecord {
    /// Reads what [`RoomRecord::encode`] wrote. Anything else is an empty record.
    pub fn decode(value: &[u8]) -> Self {
        serde_json::from_slice(value).unwrap_or_default()
    }

    /// The value to store.
    pub fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// How many entries a room with this value keeps, if it says so.
    pub(super) fn keep_of(value: &[u8]) -> Option<u64> {
        Self::decode(value).keep
    }
}

/// The record of a room, and an empty one where there is none.
pub async fn get(state: &dyn State, room: &Room) -> Result<RoomRecord, StateError> {
    let found = state.get(&Key::Room(room.clone())).await?;
    Ok(found.map(|found| RoomRecord::decode(&found.value)).unwrap_or_default())
}

/// Changes the record of a room; concurrent changes, on whichever node, are not lost. Returns the new record.
pub async fn change(
    state: &dyn State,
    room: &Room,
    change: impl Fn(&mut RoomRecord) + Send + Sync,
) -> Result<RoomRecord, StateError> {
    let key = Key::Room(room.clone());
    loop {
        let found = state.get(&key).await?;
        let version = found.as_ref().map_or(0, |found| found.version);
        let mut record = found.map(|found| RoomRecord::decode(&found.value)).unwrap_or_default();
        change(&mut record);
        match state.put(&key, Some(version), record.encode(), None).await {
            Ok(_) => return Ok(record),
            // Another writer was quicker: its record is changed instead.
            Err(StateError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
}
