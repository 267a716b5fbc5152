//! What is asked of rooms without reading their messages.

use ::redis::Pipeline;
use shared::text::{Position, Room};

use super::{
    super::{
        scripts::{HEAD, KEPT},
        stored,
    },
    HistoryReader, head, read_failed,
};
use crate::broker::contract::BrokerError;

/// Rooms, or positions, asked about in one round trip.
const BATCH: usize = 500;

impl HistoryReader {
    /// See [`RoomIndex::rooms`](crate::broker::RoomIndex::rooms). The cursor is the one of `SCAN`.
    pub(in super::super) async fn rooms(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<Room>, Option<String>), BrokerError> {
        let mut scan = ::redis::cmd("SCAN");
        scan.arg(cursor.unwrap_or_else(|| "0".to_owned()));
        scan.arg("MATCH").arg(self.keys.streams()).arg("COUNT").arg(1_000);
        let (next, streams): (String, Vec<String>) = self.link.query(&scan).await?;
        let rooms = streams.iter().filter_map(|stream| self.keys.room_of(stream)).collect();
        Ok((rooms, (next != "0").then_some(next)))
    }

    /// See [`Core::heads`](crate::broker::Core::heads).
    pub(in super::super) async fn heads(&self, rooms: &[Room]) -> Result<Vec<Position>, BrokerError> {
        let mut heads = Vec::with_capacity(rooms.len());
        for batch in rooms.chunks(BATCH) {
            let mut calls = Pipeline::with_capacity(batch.len());
            for room in batch {
                calls.add_command(HEAD.cached(&[self.keys.stream(room), self.keys.head(room)]));
            }
            for answer in self.link.scripts(&HEAD, calls).await.map_err(read_failed)? {
                heads.push(head(answer).map_err(read_failed)?);
            }
        }
        if heads.len() == rooms.len() {
            Ok(heads)
        } else {
            Err(BrokerError::Unavailable("an answer is missing".into()))
        }
    }

    /// See [`Core::first_kept`](crate::broker::Core::first_kept).
    pub(in super::super) async fn first_kept(
        &self,
        room: &Room,
        positions: &[Position],
    ) -> Result<Option<Position>, BrokerError> {
        let keys = [self.keys.stream(room), self.keys.head(room)];
        let oldest = self.oldest();
        let lowest = oldest.to_string();
        // What is too old may still be in the stream.
        let young = |position: &&Position| {
            position.is_start() || stored::time(position).is_none_or(|time| time >= oldest)
        };
        let candidates: Vec<_> = positions.iter().filter(young).collect();
        for batch in candidates.chunks(BATCH) {
            let mut args = vec![lowest.as_bytes()];
            args.extend(batch.iter().map(|position| position.as_str().as_bytes()));
            let found: usize = self.link.script(&KEPT, &keys, &args).await.map_err(read_failed)?;
            if let Some(position) = found.checked_sub(1).and_then(|index| batch.get(index)) {
                return Ok(Some((*position).clone()));
            }
        }
        Ok(None)
    }
}
