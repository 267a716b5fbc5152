//! Acknowledgements, retries, and what a message carries.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Cases, bodies};
use crate::{Target, client::nonce};

pub(super) const CASES: Cases = &[
    ("sent names room, position and number", sent_is_complete),
    ("the sender gets its message as an event with its nonce", own_event),
    ("a message names its sender, kind guest, and its time", message_is_complete),
    ("a sent message is in the history, and the room need not be joined", sent_is_stored),
    ("a retry with the same nonce is answered with the first position", retry),
    ("a retry on another node is stored once only", retry_elsewhere),
    ("the same nonce of another person is another message", nonce_of_another),
    ("the same nonce in another room is another message", nonce_elsewhere),
    ("sends under way together are stored in the order sent", order_of_sends),
    ("sends of one connection to several rooms are all answered", several_rooms),
];

fn sent_is_complete(target: &Target) -> Result<()> {
    let room = target.room("sent");
    let mut client = target.guest("Ana")?;
    for number in 1..=2 {
        let sent = client.say(&room, "x")?;
        ensure!(sent["room"] == room.as_str() && sent["duplicate"] == false && sent["n"] == number, "{sent}");
        ensure!(sent["position"].as_str().is_some_and(|position| position.len() <= 96), "{sent}");
    }
    Ok(())
}

fn own_event(target: &Target) -> Result<()> {
    let (room, nonce) = (target.room("own"), nonce());
    let mut client = target.member("Ana", &room)?;
    let sent = client.ask("send", json!({"room": room, "nonce": nonce, "body": "x"}), "sent")?;
    let message = client.message(&room)?;
    ensure!(
        message["nonce"] == nonce.as_str() && message["position"] == sent["position"],
        "{message}, {sent}"
    );
    Ok(())
}

fn message_is_complete(target: &Target) -> Result<()> {
    let room = target.room("complete");
    let mut reader = target.member("Ben", &room)?;
    let mut writer = target.other_guest("Ana")?;
    writer.say(&room, "x")?;
    let message = reader.message(&room)?;
    let sender = &message["sender"];
    ensure!(
        sender["id"] == writer.welcome["user"] && sender["name"] == "Ana" && sender["kind"] == "guest",
        "{message}"
    );
    ensure!(message["prev"] == "0" && message["n"] == 1 && message["nonce"].is_string(), "{message}");
    let at = message["at"].as_u64().context("no time")?;
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    ensure!(at.abs_diff(now) < 600_000, "it was sent at {at}, and now is {now}");
    Ok(())
}

fn sent_is_stored(target: &Target) -> Result<()> {
    let room = target.room("stored");
    target.guest("Ana")?.say(&room, "kept")?;
    let joined = target.other_guest("Ben")?.join(&room)?;
    ensure!(bodies(&joined)? == ["kept"], "{joined}");
    Ok(())
}

fn retry(target: &Target) -> Result<()> {
    let room = target.room("retry");
    let mut client = target.guest("Ana")?;
    let fields = json!({"room": room, "nonce": nonce(), "body": "once"});
    let first = client.ask("send", fields.clone(), "sent")?;
    client.say(&room, "between")?;
    let again = client.ask("send", fields, "sent")?;
    ensure!(again["duplicate"] == true && again["position"] == first["position"], "{first}, then {again}");
    ensure!(again.get("n").is_none_or(Value::is_null), "a duplicate has a number: {again}");
    let joined = client.join(&room)?;
    ensure!(bodies(&joined)? == ["once", "between"], "{joined}");
    Ok(())
}

fn retry_elsewhere(target: &Target) -> Result<()> {
    let room = target.room("elsewhere");
    let mut client = target.guest("Ana")?;
    let fields = json!({"room": room, "nonce": nonce(), "body": "once"});
    let first = client.ask("send", fields.clone(), "sent")?;
    let mut other = target.other_connect()?;
    other.hello_with("Ana", &client.welcome["token"])?;
    let again = other.ask("send", fields, "sent")?;
    ensure!(again["duplicate"] == true && again["position"] == first["position"], "{first}, then {again}");
    ensure!(bodies(&other.join(&room)?)? == ["once"], "it was stored twice");
    Ok(())
}

fn nonce_of_another(target: &Target) -> Result<()> {
    let room = target.room("shared nonce");
    let fields = json!({"room": room, "nonce": nonce(), "body": "x"});
    let first = target.guest("Ana")?.ask("send", fields.clone(), "sent")?;
    let second = target.guest("Ben")?.ask("send", fields, "sent")?;
    ensure!(
        second["duplicate"] == false && second["position"] != first["position"],
        "{first}, then {second}"
    );
    Ok(())
}

fn nonce_elsewhere(target: &Target) -> Result<()> {
    let nonce = nonce();
    let mut client = target.guest("Ana")?;
    for room in [target.room("nonce here"), target.room("nonce there")] {
        let sent = client.ask("send", json!({"room": room, "nonce": nonce, "body": "x"}), "sent")?;
        ensure!(sent["duplicate"] == false && sent["n"] == 1, "{sent}");
    }
    Ok(())
}

fn order_of_sends(target: &Target) -> Result<()> {
    let room = target.room("in order");
    let mut client = target.guest("Ana")?;
    super::joining::fill(&mut client, &room, 50)?;
    let joined = client.join(&room)?;
    let wanted: Vec<_> = (1..=50).map(|number| number.to_string()).collect();
    ensure!(bodies(&joined)? == wanted, "{:?}", bodies(&joined)?);
    Ok(())
}

fn several_rooms(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    let rooms: Vec<_> = (0..3).map(|number| target.room(&format!("several {number}"))).collect();
    let mut ids = Vec::new();
    for room in rooms.iter().cycle().take(30) {
        ids.push((room, client.tell("send", json!({"room": room, "nonce": nonce(), "body": "x"}))?));
    }
    for (room, id) in ids {
        let reply = client.reply(id)?;
        ensure!(reply["type"] == "sent" && reply["room"] == room.as_str(), "{reply}");
    }
    Ok(())
}
