//! Reads the whole history of rooms, page by page, as any client could.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use shared::{
    command::{self, Command, PageAnchor},
    event::Reply,
    text::Room,
};
use testkit::Connection;

use crate::{checker::History, client::link};

/// Everything that a node can show of these rooms.
pub async fn read(node: SocketAddr, rooms: &[Room]) -> Result<History> {
    let mut connection = Connection::v1(node).await?;
    connection.hello("Historian", None).await?;
    let mut request = 1;
    let mut history = History::new();
    for room in rooms {
        request += 1;
        let join = Command::Join(command::Join { room: room.clone(), since: None });
        let Reply::Joined(joined) = connection.request(request, join).await? else {
            bail!("{room} cannot be joined")
        };
        let (mut links, mut older): (Vec<_>, _) = (joined.entries.iter().map(link).collect(), joined.older);
        while let (true, Some(first)) = (older, links.first()) {
            request += 1;
            let anchor = PageAnchor::Before(first.position.clone());
            let page = Command::History(command::History { room: room.clone(), anchor, limit: Some(100) });
            let Reply::Page(page) = connection.request(request, page).await? else {
                bail!("{room} cannot be read")
            };
            older = page.older && !page.entries.is_empty();
            links.splice(0..0, page.entries.iter().map(link));
        }
        history.insert(room.clone(), links);
        connection.request(0, Command::Leave(command::Leave { room: room.clone() })).await?;
    }
    connection.close().await;
    Ok(history)
}
