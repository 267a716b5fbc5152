//! What all sessions of a node share.

use std::{sync::Arc, time::Duration};

use crate::{
    broker::Broker,
    hub::Hub,
    identity::Identity,
    limits::{Addresses, Sends},
    metrics::Metrics,
};

/// The node as its sessions see it.
#[derive(Debug)]
pub struct NodeContext {
    /// The rooms.
    pub hub: Arc<Hub>,
    /// Where messages are stored and read.
    pub broker: Broker,
    /// Who is who.
    pub identity: Identity,
    /// The instruments.
    pub metrics: Arc<Metrics>,
    /// The bounds.
    pub settings: SessionSettings,
    /// What each address has used up.
    pub addresses: Arc<Addresses>,
    /// What has been sent lately.
    pub sends: Sends,
    /// The name of the node, for `welcome`.
    pub node: String,
}

/// The bounds of a session.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Rooms it may be in.
    pub rooms: usize,
    /// Commands at once.
    pub command_burst: u32,
    /// Commands per second after that.
    pub command_rate: u32,
    /// Bytes that may wait in its outbox.
    pub outbox_bytes: usize,
    /// For hello.
    pub hello_timeout: Duration,
    /// Between pings to a silent peer.
    pub ping_interval: Duration,
    /// For the answer to a ping.
    pub pong_timeout: Duration,
    /// For writing what waits.
    pub write_timeout: Duration,
}
