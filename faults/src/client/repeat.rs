//! The same messages again, on a connection of their own.

use std::net::SocketAddr;

use anyhow::Result;
use shared::command::Command;
use testkit::{Connection, Received};
use tokio::sync::mpsc;

/// Sends the commands that it gets as the person of this token, and does not wait for replies.
pub(super) async fn repeat(
    address: SocketAddr,
    name: String,
    token: String,
    mut commands: mpsc::Receiver<Command>,
) -> Result<()> {
    let mut connection = Connection::v1(address).await?;
    connection.hello(&name, Some(token)).await?;
    let mut request = 1;
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some(command) = command else { return Ok(()) };
                request += 1;
                connection.send(request, command).await?;
            }
            received = connection.receive() => if let Received::Closed(_) = received? { return Ok(()) },
        }
    }
}
