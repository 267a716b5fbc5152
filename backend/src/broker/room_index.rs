//! The rooms that a broker keeps, for export.

use async_trait::async_trait;
use shared::text::Room;

use super::contract::BrokerError;

/// Lists rooms. No node needs it to serve, and it may look at every key there is.
#[async_trait]
pub trait RoomIndex: Send + Sync + 'static {
    /// Some of the rooms that have a history, in no particular order, and the cursor for the next call; `None` after
    /// the last. A room may come twice.
    async fn rooms(&self, cursor: Option<String>) -> Result<(Vec<Room>, Option<String>), BrokerError>;
}
