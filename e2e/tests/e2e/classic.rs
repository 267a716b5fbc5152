//! A client of the classic dialect, as anybody may have written one years ago.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use testkit::{Connection, NodeProcess, Received};
use tokio::time::timeout;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Classic(Connection);

impl Classic {
    /// Connects to the bare address, as the classic clients do.
    pub(crate) async fn connect(node: &NodeProcess) -> Result<Self> {
        Ok(Self(Connection::classic(([127, 0, 0, 1], node.port()).into()).await?))
    }

    /// Joins a room; the node has it when this returns.
    pub(crate) async fn subscribe(&mut self, node: &NodeProcess, room: &str) -> Result<()> {
        self.write(&json!({ "type": "SUBSCRIBE", "room": room })).await?;
        node.wait_log(&format!("subscribing on the pub sub to room: {room}"), PATIENCE)
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, room: &str, message: &str) -> Result<()> {
        self.write(&json!({ "type": "sendMessage", "roomId": room, "message": message })).await
    }

    async fn write(&mut self, frame: &Value) -> Result<()> {
        self.0.send_text(frame.to_string()).await
    }

    /// The next frame must be exactly this message.
    pub(crate) async fn expect(&mut self, room: &str, message: &str) -> Result<()> {
        let received = timeout(PATIENCE, self.0.receive_text()).await;
        let Received::Frame(text) = received.with_context(|| format!("waiting for {message:?}"))?? else {
            bail!("the node closed the connection");
        };
        let expected = json!({ "type": "sendMessage", "roomId": room, "message": message });
        let frame: Value = serde_json::from_str(&text)?;
        ensure!(frame == expected, "got {frame}, not {expected}");
        Ok(())
    }
}
