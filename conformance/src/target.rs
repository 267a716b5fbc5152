//! The nodes under test.

use anyhow::Result;
use serde_json::json;

use crate::{client::Client, node::Node};

/// One node, or several that share their rooms.
#[derive(Debug)]
pub struct Target {
    nodes: Vec<Node>,
    mark: String,
}

impl Target {
    /// From `ws://HOST:PORT` for each node, with or without a path. Asks the resolver.
    pub fn new(urls: &[String]) -> Result<Self> {
        let nodes = urls.iter().map(|url| Node::at(url)).collect::<Result<Vec<_>>>()?;
        anyhow::ensure!(!nodes.is_empty(), "at least one node is needed");
        Ok(Self { nodes, mark: format!("{:08x}", fastrand::u32(..)) })
    }

    /// The first node.
    pub fn node(&self) -> &Node {
        &self.nodes[0]
    }

    /// Another node if there is one, else the same.
    pub fn other_node(&self) -> &Node {
        self.nodes.last().unwrap_or(&self.nodes[0])
    }

    /// A room that only this run knows.
    pub fn room(&self, name: &str) -> String {
        format!("{name} {}", self.mark)
    }

    /// A hubbub.v1 connection to the first node, before `hello`.
    pub fn connect(&self) -> Result<Client> {
        Client::v1(self.node())
    }

    /// A hubbub.v1 connection to the other node, before `hello`.
    pub fn other_connect(&self) -> Result<Client> {
        Client::v1(self.other_node())
    }

    /// A new guest on the first node.
    pub fn guest(&self, name: &str) -> Result<Client> {
        hello(self.connect()?, name)
    }

    /// A new guest on the other node.
    pub fn other_guest(&self, name: &str) -> Result<Client> {
        hello(self.other_connect()?, name)
    }

    /// A new guest who has joined a room.
    pub fn member(&self, name: &str, room: &str) -> Result<Client> {
        let mut guest = self.guest(name)?;
        guest.ask("join", json!({"room": room}), "joined")?;
        Ok(guest)
    }

    /// A classic connection to the first node.
    pub fn classic(&self) -> Result<Client> {
        Client::classic(self.node(), "/")
    }

    /// A classic connection to the other node.
    pub fn other_classic(&self) -> Result<Client> {
        Client::classic(self.other_node(), "/ws")
    }
}

fn hello(mut client: Client, name: &str) -> Result<Client> {
    client.hello(name)?;
    Ok(client)
}
