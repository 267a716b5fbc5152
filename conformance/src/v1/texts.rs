//! Names of rooms and people, bodies, nonces, positions.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Cases;
use crate::{Target, client::nonce};

/// The bounds of the document.
const ROOM: usize = 128;
const NAME: usize = 64;
const BODY: usize = 16_384;

pub(super) const CASES: Cases = &[
    ("an empty room name is room_empty", |target| room_is(target, "", "room_empty")),
    ("129 characters of a room name are room_too_long", |target| {
        room_is(target, &"é".repeat(ROOM + 1), "room_too_long")
    }),
    ("128 characters of a room name are counted as characters", longest_room),
    ("room names are compared character by character", rooms_differ),
    ("white space around a name is removed", name_is_trimmed),
    ("a name without a visible character is name_empty", |target| {
        name_is(target, " \u{2003} ", "name_empty")
    }),
    ("65 characters of a name are name_too_long", |target| {
        name_is(target, &"n".repeat(NAME + 1), "name_too_long")
    }),
    ("a control character in a name is name_forbidden", |target| {
        name_is(target, "A\u{7}na", "name_forbidden")
    }),
    ("a direction mark in a name is name_forbidden", |target| {
        name_is(target, "A\u{202e}na", "name_forbidden")
    }),
    ("an empty body is message_empty", |target| body_is(target, "", "message_empty")),
    ("16385 bytes of a body are message_too_long", |target| {
        body_is(target, &"x".repeat(BODY + 1), "message_too_long")
    }),
    ("16384 bytes of a body arrive", |target| body_arrives(target, &"é".repeat(BODY / 2))),
    ("control and direction characters arrive unchanged", |target| {
        body_arrives(target, "a\u{0}b\u{1b}[31m\u{202e}\u{2066}\r\n\t\"\\/\u{7f}\u{feff}\u{10ffff}")
    }),
    ("a nonce that breaks its rule is nonce_invalid", bad_nonces),
    ("64 characters of a nonce are accepted", longest_nonce),
    ("97 characters of a position are position_invalid", |target| {
        let fields = json!({"room": target.room("texts"), "since": "1".repeat(97)});
        target.guest("Ana")?.refused("join", fields, "position_invalid")
    }),
];

fn room_is(target: &Target, room: &str, code: &str) -> Result<()> {
    let mut client = target.guest("Ana")?;
    client.refused("join", json!({"room": room}), code)?;
    client.refused("send", json!({"room": room, "nonce": nonce(), "body": "x"}), code)?;
    client.refused("history", json!({"room": room, "before": "0"}), code)
}

fn longest_room(target: &Target) -> Result<()> {
    let room = target.room("é");
    let room = format!("{room}{}", "🜲".repeat(ROOM - room.chars().count()));
    let joined = target.guest("Ana")?.join(&room)?;
    ensure!(joined["room"] == room.as_str(), "joined {joined}");
    Ok(())
}

fn rooms_differ(target: &Target) -> Result<()> {
    let (composed, decomposed) = (target.room("caf\u{e9}"), target.room("cafe\u{301}"));
    let mut client = target.guest("Ana")?;
    client.say(&composed, "only here")?;
    let joined = client.join(&decomposed)?;
    ensure!(joined["position"] == "0", "{decomposed} is not another room: {joined}");
    Ok(())
}

fn name_is_trimmed(target: &Target) -> Result<()> {
    let welcome = target.connect()?.hello("  Ana Maria\u{2003}")?;
    ensure!(welcome["name"] == "Ana Maria", "{welcome}");
    Ok(())
}

fn name_is(target: &Target, name: &str, code: &str) -> Result<()> {
    let mut client = target.connect()?;
    client.refused("hello", json!({"name": name}), code)?;
    client.hello("Ana")?;
    client.refused("rename", json!({"name": name}), code)
}

fn body_is(target: &Target, body: &str, code: &str) -> Result<()> {
    let fields = json!({"room": target.room("texts"), "nonce": nonce(), "body": body});
    target.guest("Ana")?.refused("send", fields, code)
}

fn body_arrives(target: &Target, body: &str) -> Result<()> {
    let room = target.room("texts");
    let mut reader = target.other_guest("Ben")?;
    reader.join(&room)?;
    target.guest("Ana")?.say(&room, body)?;
    let message = reader.find(|frame| frame["type"] == "message" && frame["body"] == body);
    ensure!(message.is_ok(), "it did not arrive as it was sent");
    Ok(())
}

fn bad_nonces(target: &Target) -> Result<()> {
    let (mut client, room) = (target.guest("Ana")?, target.room("texts"));
    for bad in ["", "with space", "dot.dot", "ümlaut", &"n".repeat(65)] {
        client.refused("send", json!({"room": room, "nonce": bad, "body": "x"}), "nonce_invalid")?;
    }
    Ok(())
}

fn longest_nonce(target: &Target) -> Result<()> {
    let nonce = format!("{:_<64}", nonce());
    let fields = json!({"room": target.room("texts"), "nonce": nonce, "body": "x"});
    target.guest("Ana")?.ask("send", fields, "sent").map(drop)
}
