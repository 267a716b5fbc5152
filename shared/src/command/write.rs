//! Writes requests, by hand: only the page does, and it must be small (see [`json`](crate::json)).

use super::{Command, From, Request};
use crate::json::Writer;

/// The text frame.
pub(super) fn request(request: &Request) -> String {
    let mut frame = Writer::new();
    frame.whole("id", request.id);
    match &request.command {
        Command::Hello { name, token } => {
            frame.text("type", "hello").text("name", name.as_str()).maybe_text("token", token.as_deref());
        }
        Command::Join { room, since } => {
            let since = since.as_ref().map(crate::text::Position::as_str);
            frame.text("type", "join").text("room", room.as_str()).maybe_text("since", since);
        }
        Command::Leave { room } => {
            frame.text("type", "leave").text("room", room.as_str());
        }
        Command::Send { room, nonce, body } => {
            frame.text("type", "send").text("room", room.as_str());
            frame.text("nonce", nonce.as_str()).text("body", body.as_str());
        }
        Command::History { room, from, limit } => {
            let (side, position) = match from {
                From::Before(position) => ("before", position),
                From::After(position) => ("after", position),
                From::Around(position) => ("around", position),
            };
            frame.text("type", "history").text("room", room.as_str()).text(side, position.as_str());
            if let Some(limit) = limit {
                frame.whole("limit", *limit);
            }
        }
        Command::Rename { name } => {
            frame.text("type", "rename").text("name", name.as_str());
        }
        Command::Forget => {
            frame.text("type", "forget");
        }
        Command::Ping => {
            frame.text("type", "ping");
        }
    }
    frame.end()
}
