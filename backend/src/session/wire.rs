//! What a session reads and writes: the WebSocket, without its types.

use futures_util::{Sink, Stream};
use shared::close::CloseReason;

use crate::outbox::Frame;

/// What the peer sent.
#[derive(Debug)]
pub enum Incoming {
    /// A text message.
    Text(Frame),
    /// A binary message; neither dialect has any.
    Binary,
    /// Proof of life: a pong or a ping (which the WebSocket layer has answered).
    Pong,
    /// The peer said goodbye.
    Closed,
}

/// What the session sends.
#[derive(Debug)]
pub enum Outgoing {
    /// A text message.
    Text(Frame),
    /// A ping.
    Ping,
    /// Goodbye.
    Close(CloseReason),
}

/// Both directions. Errors are the reason with which the session ends.
pub trait Wire:
    Stream<Item = Result<Incoming, CloseReason>> + Sink<Outgoing, Error = CloseReason> + Unpin + Send
{
}

impl<W> Wire for W where
    W: Stream<Item = Result<Incoming, CloseReason>> + Sink<Outgoing, Error = CloseReason> + Unpin + Send
{
}
