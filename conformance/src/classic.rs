//! The classic dialect: first what the inherited protocol defines, then what Hubbub adds to it.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::{Case, Dialect, Target, client::Client};

/// In the order of the document.
pub fn cases() -> Vec<Case> {
    let of = |dialect: Dialect, list: Cases| {
        let section = "The classic dialect";
        list.iter().map(move |(name, check)| Case { dialect, section, name, check: *check })
    };
    of(Dialect::Inherited, INHERITED).chain(of(Dialect::Classic, ADDED)).collect()
}

type Cases = &'static [(&'static str, fn(&Target) -> Result<()>)];

const INHERITED: Cases = &[
    ("subscribers get a message as exactly the documented bytes", exact_bytes),
    ("a subscriber on another node gets it, too", across_nodes),
    ("the sender gets its own message if it is subscribed", own_message),
    ("a sender need not be subscribed", not_subscribed),
    ("after UNSUBSCRIBE nothing arrives", unsubscribe),
    ("messages of other rooms do not arrive", other_rooms),
    ("the messages of one sender keep their order", order),
    ("keys may stand in any order, and unknown keys are ignored", any_keys),
    ("text beyond ASCII arrives unchanged", |target| arrives(target, "grüße 👋🏽 \u{202e}עברית")),
    ("quotes, backslashes and control characters are escaped", escapes),
];

const ADDED: Cases = &[
    ("/ and /ws both speak it", both_paths),
    ("subscribing twice changes nothing", subscribe_twice),
    ("unsubscribing from a room that is not subscribed to does nothing", unsubscribe_unknown),
    ("16384 bytes of a message arrive", |target| arrives(target, &"é".repeat(8192))),
    ("both dialects share rooms: classic to hubbub.v1", classic_to_v1),
    ("both dialects share rooms: hubbub.v1 to classic", v1_to_classic),
    ("classic clients are not counted as people", not_counted),
    ("an unknown type is unknown_command", |target| error(target, r#"{"type":"DANCE"}"#, "unknown_command")),
    ("a frame that is no JSON is bad_json", |target| error(target, "hello", "bad_json")),
    ("an array is bad_json", |target| error(target, "[]", "bad_json")),
    ("half of a surrogate pair is bad_json", |target| {
        error(target, r#"{"type":"sendMessage","roomId":"r","message":"\udc00"}"#, "bad_json")
    }),
    ("a missing field is missing_field", |target| error(target, r#"{"type":"SUBSCRIBE"}"#, "missing_field")),
    ("a field of another type is wrong_type", |target| {
        error(target, r#"{"type":"sendMessage","roomId":"r","message":5}"#, "wrong_type")
    }),
    ("an empty room name is room_empty", |target| {
        error(target, r#"{"type":"SUBSCRIBE","room":""}"#, "room_empty")
    }),
    ("129 characters of a room name are room_too_long", |target| {
        error(target, &json!({"type": "SUBSCRIBE", "room": "r".repeat(129)}).to_string(), "room_too_long")
    }),
    ("an empty message is message_empty", |target| message_is(target, "", "message_empty")),
    ("16385 bytes of a message are message_too_long", |target| {
        message_is(target, &"x".repeat(16_385), "message_too_long")
    }),
    ("a binary frame is binary_frame", binary_frame),
    ("a message over 65536 bytes ends with 1009", too_big),
];

/// How often a subscription is tried out until it works, and how long each time.
const TRIES: usize = 50;
const TRY: Duration = Duration::from_millis(400);

fn frame(room: &str, message: &str) -> Value {
    json!({"type": "sendMessage", "roomId": room, "message": message})
}

/// Subscribes and waits until it counts: there is no acknowledgement, so the client sends itself messages until one
/// comes back.
fn subscribe(client: &mut Client, room: &str) -> Result<()> {
    client.send(&json!({"type": "SUBSCRIBE", "room": room}))?;
    for number in 0..TRIES {
        let mark = format!("mark {number} {}", crate::client::nonce());
        client.send(&frame(room, &mark))?;
        if client.text_within(TRY)?.is_some_and(|text| text.contains(&mark)) {
            return Ok(());
        }
    }
    bail!("a subscriber does not get its own messages in {room}")
}

/// The next message of a room that is not a mark of [`subscribe`].
fn message(client: &mut Client, room: &str) -> Result<String> {
    loop {
        let text = client.text()?;
        let frame: Value = serde_json::from_str(&text)?;
        let said = frame["message"].as_str().unwrap_or_default();
        if frame["roomId"] == room && !said.starts_with("mark ") {
            return Ok(said.to_owned());
        }
        ensure!(said.starts_with("mark "), "unexpected: {text}");
    }
}

fn pair(target: &Target, name: &str) -> Result<(Client, Client, String)> {
    let room = target.room(name);
    let mut reader = target.classic()?;
    subscribe(&mut reader, &room)?;
    Ok((reader, target.other_classic()?, room))
}

fn exact_bytes(target: &Target) -> Result<()> {
    let (mut reader, mut writer, room) = pair(target, "classic bytes")?;
    writer.send(&frame(&room, "hey cashing"))?;
    let text = loop {
        let text = reader.text()?;
        if !text.contains("mark ") {
            break text;
        }
    };
    let wanted = format!(r#"{{"type":"sendMessage","roomId":"{room}","message":"hey cashing"}}"#);
    ensure!(text == wanted, "{text} instead of {wanted}");
    Ok(())
}

fn arrives(target: &Target, said: &str) -> Result<()> {
    let (mut reader, mut writer, room) = pair(target, &format!("classic {}", crate::client::nonce()))?;
    writer.send(&frame(&room, said))?;
    let came = message(&mut reader, &room)?;
    ensure!(came == said, "{came:?} came");
    Ok(())
}

fn across_nodes(target: &Target) -> Result<()> {
    let (mut reader, mut writer, room) = pair(target, "classic across")?;
    let mut other = target.other_classic()?;
    subscribe(&mut other, &room)?;
    writer.send(&frame(&room, "to both"))?;
    for client in [&mut reader, &mut other] {
        ensure!(message(client, &room)? == "to both", "another message came");
    }
    Ok(())
}

fn own_message(target: &Target) -> Result<()> {
    let (mut client, _, room) = pair(target, "classic own")?;
    client.send(&frame(&room, "echo"))?;
    ensure!(message(&mut client, &room)? == "echo", "another message came");
    Ok(())
}

fn not_subscribed(target: &Target) -> Result<()> {
    arrives(target, "from outside")
}

fn unsubscribe(target: &Target) -> Result<()> {
    let (mut client, mut writer, room) = pair(target, "classic left")?;
    let stayed = target.room("classic stayed");
    subscribe(&mut client, &stayed)?;
    client.send(&json!({"type": "UNSUBSCRIBE", "room": room}))?;
    // The echo in the other room comes after the UNSUBSCRIBE was read.
    client.send(&frame(&stayed, "echo"))?;
    message(&mut client, &stayed)?;
    writer.send(&frame(&room, "unheard"))?;
    writer.send(&frame(&stayed, "heard"))?;
    let came = message(&mut client, &stayed)?;
    ensure!(came == "heard", "{came:?} came");
    Ok(())
}

fn other_rooms(target: &Target) -> Result<()> {
    let (mut client, mut writer, room) = pair(target, "classic mine")?;
    writer.send(&frame(&target.room("classic theirs"), "unheard"))?;
    writer.send(&frame(&room, "heard"))?;
    ensure!(message(&mut client, &room)? == "heard", "another message came");
    Ok(())
}

fn order(target: &Target) -> Result<()> {
    let (mut reader, mut writer, room) = pair(target, "classic order")?;
    for number in 0..50 {
        writer.send(&frame(&room, &number.to_string()))?;
    }
    for number in 0..50 {
        let came = message(&mut reader, &room)?;
        ensure!(came == number.to_string(), "{came} came instead of {number}");
    }
    Ok(())
}

fn any_keys(target: &Target) -> Result<()> {
    let (mut reader, mut writer, room) = pair(target, "classic keys")?;
    writer.send_text(&format!(
        "{{ \"message\": \"shuffled\", \"extra\": [1], \"roomId\": \"{room}\", \"type\": \"sendMessage\" }}"
    ))?;
    ensure!(message(&mut reader, &room)? == "shuffled", "another message came");
    Ok(())
}

fn escapes(target: &Target) -> Result<()> {
    arrives(target, "\"quoted\" \\ \u{8}\u{c}\n\r\t\u{1}\u{1f} /")
}

fn both_paths(target: &Target) -> Result<()> {
    for path in ["/", "/ws"] {
        let mut client = Client::classic(target.node(), path)?;
        let protocol = client.response.headers().get("sec-websocket-protocol");
        ensure!(protocol.is_none(), "{path} chose {protocol:?}");
        subscribe(&mut client, &target.room("classic paths"))?;
    }
    Ok(())
}

fn subscribe_twice(target: &Target) -> Result<()> {
    let (mut reader, mut writer, room) = pair(target, "classic twice")?;
    reader.send(&json!({"type": "SUBSCRIBE", "room": room}))?;
    settle(&mut reader)?;
    for said in ["first", "second"] {
        writer.send(&frame(&room, said))?;
        let came = message(&mut reader, &room)?;
        ensure!(came == said, "{came} came instead of {said}");
    }
    Ok(())
}

fn unsubscribe_unknown(target: &Target) -> Result<()> {
    let mut client = target.classic()?;
    client.send(&json!({"type": "UNSUBSCRIBE", "room": target.room("classic unknown")}))?;
    settle(&mut client)
}

/// The answer to a command that does not exist comes behind everything else.
fn settle(client: &mut Client) -> Result<()> {
    client.send_text(r#"{"type":"NOTHING"}"#)?;
    loop {
        let text = client.text()?;
        if text.contains("unknown_command") {
            return Ok(());
        }
        ensure!(text.contains("mark "), "unexpected: {text}");
    }
}

fn classic_to_v1(target: &Target) -> Result<()> {
    let room = target.room("classic to v1");
    let mut reader = target.member("Ana", &room)?;
    target.other_classic()?.send(&frame(&room, "hey cashing"))?;
    let message = reader.message(&room)?;
    ensure!(message["body"] == "hey cashing" && message["sender"]["kind"] == "classic", "{message}");
    Ok(())
}

fn v1_to_classic(target: &Target) -> Result<()> {
    let (mut reader, _, room) = pair(target, "v1 to classic")?;
    target.other_guest("Ana")?.say(&room, "hey cashing")?;
    ensure!(message(&mut reader, &room)? == "hey cashing", "another message came");
    Ok(())
}

fn not_counted(target: &Target) -> Result<()> {
    let (_reader, _, room) = pair(target, "classic uncounted")?;
    let joined = target.guest("Ana")?.join(&room)?;
    ensure!(joined["here"] == 1, "{joined}");
    Ok(())
}

fn error(target: &Target, text: &str, code: &str) -> Result<()> {
    let mut client = target.classic()?;
    client.send_text(text)?;
    let answer: Value = serde_json::from_str(&client.text()?)?;
    ensure!(answer["type"] == "error" && answer["code"] == code, "answered with {answer}");
    ensure!(answer["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer} has no message");
    settle(&mut client)
}

fn message_is(target: &Target, said: &str, code: &str) -> Result<()> {
    error(target, &frame(&target.room("classic bounds"), said).to_string(), code)
}

fn binary_frame(target: &Target) -> Result<()> {
    let mut client = target.classic()?;
    client.send_binary(br#"{"type":"SUBSCRIBE","room":"r"}"#)?;
    let answer = client.text()?;
    ensure!(answer.contains("binary_frame"), "answered with {answer}");
    settle(&mut client)
}

fn too_big(target: &Target) -> Result<()> {
    let mut client = target.classic()?;
    client.send_text(&" ".repeat(65_537))?;
    let code = client.close_code()?;
    ensure!(code == Some(1009), "closed with {code:?}");
    Ok(())
}
