//! Commands, replies, and what is wrong with a frame.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Cases;
use crate::Target;

pub(super) const CASES: Cases = &[
    ("a reply repeats the id, from 0 to 2^64-1", ids_are_repeated),
    ("ping is answered by pong", |target| target.guest("Ana")?.settle()),
    ("unknown fields are ignored", unknown_fields),
    ("a field that is null counts as absent", null_is_absent),
    ("of two equal keys the last counts", last_key_counts),
    ("white space and the order of keys do not matter", any_layout),
    ("an unknown type is unknown_command", |target| {
        target.guest("Ana")?.refused("dance", json!({}), "unknown_command")
    }),
    ("a missing type is unknown_command", missing_type),
    ("a frame that is no JSON is bad_json, as an event", |target| {
        without_id(target, "{\"id\":1,", "bad_json")
    }),
    ("an array is bad_json", |target| without_id(target, "[1,2]", "bad_json")),
    ("half of a surrogate pair is bad_json", |target| {
        without_id(target, r#"{"id":1,"type":"join","room":"\ud83d"}"#, "bad_json")
    }),
    ("nesting deeper than 127 is bad_json", too_deep),
    ("a binary frame is binary_frame", binary_frame),
    ("a missing field is missing_field", |target| {
        target.guest("Ana")?.refused("join", json!({}), "missing_field")
    }),
    ("a field of another type is wrong_type", |target| {
        target.guest("Ana")?.refused("join", json!({"room": 7}), "wrong_type")
    }),
    ("the connection lives on after each error", lives_on),
    ("commands before hello are refused with hello_first", hello_first),
    ("a second hello is refused with hello_twice", |target| {
        target.guest("Ana")?.refused("hello", json!({"name": "Ana"}), "hello_twice")
    }),
];

fn ids_are_repeated(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    for id in [0, 7, u64::MAX] {
        client.send(&json!({"id": id, "type": "ping"}))?;
        let reply = client.find(|frame| frame["type"] == "pong")?;
        ensure!(reply["id"] == id, "command {id} was answered with {reply}");
    }
    Ok(())
}

fn unknown_fields(target: &Target) -> Result<()> {
    let (mut client, room) = (target.guest("Ana")?, target.room("fields"));
    let reply = client.ask("join", json!({"room": room, "colour": {"of": ["the", "sky"]}}), "joined")?;
    ensure!(reply["room"] == room.as_str(), "joined {reply}");
    Ok(())
}

fn null_is_absent(target: &Target) -> Result<()> {
    let mut client = target.connect()?;
    let welcome = client.ask("hello", json!({"name": "Ana", "token": null}), "welcome")?;
    ensure!(welcome.get("refused").is_none_or(Value::is_null), "null was read as a token: {welcome}");
    client.ask("join", json!({"room": target.room("fields"), "since": null}), "joined").map(drop)
}

fn last_key_counts(target: &Target) -> Result<()> {
    let mut client = target.connect()?;
    client.send_text(r#"{"id":1,"type":"hello","name":"First","name":"Last"}"#)?;
    let welcome = client.reply(1)?;
    ensure!(welcome["name"] == "Last", "{welcome}");
    Ok(())
}

fn any_layout(target: &Target) -> Result<()> {
    let mut client = target.connect()?;
    client.send_text("\n{ \"name\" : \"Ana\" ,\t\"type\":\"hello\",\r\n \"id\" : 1 } ")?;
    let welcome = client.reply(1)?;
    ensure!(welcome["type"] == "welcome", "{welcome}");
    Ok(())
}

fn missing_type(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    client.send_text(r#"{"id":4}"#)?;
    let error = client.reply(4)?;
    ensure!(error["type"] == "error" && error["code"] == "unknown_command", "{error}");
    Ok(())
}

fn without_id(target: &Target, text: &str, code: &str) -> Result<()> {
    let mut client = target.guest("Ana")?;
    client.send_text(text)?;
    let error = client.event("error")?;
    ensure!(error["code"] == code, "{text} was answered with {error}");
    client.settle()
}

fn too_deep(target: &Target) -> Result<()> {
    let deep = format!(r#"{{"id":1,"type":"ping","x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    without_id(target, &deep, "bad_json")
}

fn binary_frame(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    client.send_binary(br#"{"id":1,"type":"ping"}"#)?;
    let error = client.event("error")?;
    ensure!(error["code"] == "binary_frame", "{error}");
    client.settle()
}

fn lives_on(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    for text in ["", "null", "{}", r#"{"id":"seven","type":"ping"}"#, r#"{"id":-1,"type":"ping"}"#] {
        client.send_text(text)?;
        client.find(|frame| frame["type"] == "error")?;
    }
    client.settle()
}

fn hello_first(target: &Target) -> Result<()> {
    let room = target.room("fields");
    let mut client = target.connect()?;
    client.refused("join", json!({"room": room}), "hello_first")?;
    client.refused("send", json!({"room": room, "nonce": "n1", "body": "x"}), "hello_first")?;
    client.refused("history", json!({"room": room, "before": "0"}), "hello_first")?;
    client.refused("rename", json!({"name": "Ana"}), "hello_first")?;
    client.hello("Ana").map(drop)
}
