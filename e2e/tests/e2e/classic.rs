//! A client of the classic dialect, as anybody may have written one years ago.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testkit::NodeProcess;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Classic(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Classic {
    /// Connects to the bare address, as the classic clients do.
    pub(crate) async fn connect(node: &NodeProcess) -> Result<Self> {
        let url = format!("ws://127.0.0.1:{}", node.port());
        Ok(Self(timeout(PATIENCE, connect_async(url)).await??.0))
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
        timeout(PATIENCE, self.0.send(Message::text(frame.to_string()))).await??;
        Ok(())
    }

    /// The next frame must be exactly this message.
    pub(crate) async fn expect(&mut self, room: &str, message: &str) -> Result<()> {
        let text = loop {
            let frame = timeout(PATIENCE, self.0.next())
                .await
                .with_context(|| format!("waiting for {message:?}"))?
                .context("the node closed the connection")??;
            if let Message::Text(text) = frame {
                break text;
            }
        };
        let expected = json!({ "type": "sendMessage", "roomId": room, "message": message });
        let frame: Value = serde_json::from_str(&text)?;
        ensure!(frame == expected, "got {frame}, not {expected}");
        Ok(())
    }
}
