//! The upgrade.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Cases;
use crate::{
    Target,
    client::{Client, SUBPROTOCOL},
};

pub(super) const CASES: Cases = &[
    ("/ws with the subprotocol speaks hubbub.v1", |target| speaks_v1(target, "/ws", SUBPROTOCOL)),
    ("/ with the subprotocol speaks hubbub.v1", |target| speaks_v1(target, "/", SUBPROTOCOL)),
    ("the subprotocol may stand among others", |target| speaks_v1(target, "/ws", "other.v9, hubbub.v1")),
    ("only other subprotocols are refused with 400", other_subprotocols),
    ("a foreign origin is refused with 403", foreign_origin),
    ("the node's own origin passes", own_origin),
    ("no compression is agreed on", no_compression),
    ("a WebSocket ping is answered with its payload", ping_frame),
];

fn speaks_v1(target: &Target, path: &str, protocols: &str) -> Result<()> {
    let opened = Client::open(target.node(), path, &[("sec-websocket-protocol", protocols)])?;
    let mut client = opened.map_err(|status| anyhow::anyhow!("refused with {status}"))?;
    let chosen = client.response.headers().get("sec-websocket-protocol");
    ensure!(chosen.is_some_and(|chosen| chosen == SUBPROTOCOL), "the node chose {chosen:?}");
    client.hello("Ana").map(drop)
}

fn refused(target: &Target, headers: &[(&str, &str)], wanted: u16) -> Result<()> {
    match Client::open(target.node(), "/ws", headers)? {
        Err(status) => ensure!(status == wanted, "refused with {status} instead of {wanted}"),
        Ok(_) => anyhow::bail!("the upgrade was accepted"),
    }
    Ok(())
}

fn other_subprotocols(target: &Target) -> Result<()> {
    refused(target, &[("sec-websocket-protocol", "other.v9, hubbub.v999")], 400)
}

fn foreign_origin(target: &Target) -> Result<()> {
    refused(target, &[("sec-websocket-protocol", SUBPROTOCOL), ("origin", "https://foreign.example")], 403)
}

fn own_origin(target: &Target) -> Result<()> {
    let origin = format!("http://{}", target.node().authority);
    let headers = [("sec-websocket-protocol", SUBPROTOCOL), ("origin", origin.as_str())];
    let opened = Client::open(target.node(), "/ws", &headers)?;
    opened.map(drop).map_err(|status| anyhow::anyhow!("{origin} was refused with {status}"))
}

fn no_compression(target: &Target) -> Result<()> {
    let headers = [
        ("sec-websocket-protocol", SUBPROTOCOL),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ];
    let opened = Client::open(target.node(), "/ws", &headers)?;
    let client = opened.map_err(|status| anyhow::anyhow!("refused with {status}"))?;
    let agreed = client.response.headers().get("sec-websocket-extensions");
    ensure!(agreed.is_none(), "the node agreed on {agreed:?}");
    Ok(())
}

fn ping_frame(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    let pong = client.ping_frame(b"payload")?;
    ensure!(pong == b"payload", "the pong carries {pong:?}");
    client.ask("ping", json!({}), "pong").map(drop)
}
