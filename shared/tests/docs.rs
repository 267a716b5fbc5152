//! `docs/protocol.md` says everything that is on the wire, and what it shows is what the code reads and writes.

#![cfg(not(target_arch = "wasm32"))]

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use shared::{
    classic,
    close::{CloseReason, Return, after},
    command::Request,
    error::{ErrorCode, ProtocolError, Retry},
    event::ServerFrame,
    limits,
};

const PROTOCOL: &str = include_str!("../../docs/protocol.md");

#[test]
fn every_type_and_field_is_there() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire");
    let mut words = BTreeSet::new();
    for file in fs::read_dir(folder).expect(folder) {
        let file = file.expect(folder).path();
        let json: Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("a golden file")).expect("JSON");
        collect(&json, &mut words);
    }
    assert!(words.contains("hello") && words.contains("retry_after_ms"), "{words:?}");
    for word in words {
        let told = [
            format!("`{word}`"),
            format!("`{word}:"),
            format!("\"type\":\"{word}\""),
            format!("\"{word}\":"),
        ];
        assert!(told.iter().any(|told| PROTOCOL.contains(told)), "`{word}` is not in docs/protocol.md");
    }
}

/// The names of fields and the values of `type`.
fn collect(json: &Value, words: &mut BTreeSet<String>) {
    match json {
        Value::Object(fields) => {
            if let Some(Value::String(kind)) = fields.get("type") {
                words.insert(kind.clone());
            }
            for (name, value) in fields {
                words.insert(name.clone());
                collect(value, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_error_code_is_there_with_its_advice() {
    for code in ErrorCode::ALL {
        let name = serde_json::to_value(code).expect("a string");
        let advice = match code.retry() {
            Retry::Never => "never",
            Retry::SameNonce => "same nonce",
        };
        let row = format!("\n| `{}` | {advice} | ", name.as_str().expect("a string"));
        assert!(PROTOCOL.contains(&row), "no row {row:?}");
    }
}

#[test]
fn every_close_code_is_there_with_its_decision() {
    let codes = CloseReason::ALL.map(CloseReason::code);
    for code in codes.into_iter().chain([1006]) {
        let decision = match after(code) {
            Return::Backoff => "backoff",
            Return::Soon => "soon",
            Return::Never => "never",
        };
        let row = format!("\n| {code} | {decision} | ");
        assert!(PROTOCOL.contains(&row), "no row {row:?}");
    }
}

#[test]
fn limits_are_those_of_the_code() {
    for told in [
        format!("| WebSocket message from the client | {} bytes |", limits::FRAME_BYTES),
        format!(
            "| {}, {}, {} bytes, {}, {} |",
            limits::ROOM_CHARS,
            limits::NAME_CHARS,
            limits::BODY_BYTES,
            limits::NONCE_CHARS,
            limits::POSITION_CHARS
        ),
        format!("| page of history | {}, at most {} |", limits::PAGE, limits::PAGE_MAX),
        format!("| messages that a resume brings | {} |", limits::RECOVERY_MAX),
        format!("| nonce is remembered | {} s |", limits::NONCE_WINDOW.as_secs()),
        format!("| people listed | {} |", limits::PEOPLE_LISTED),
    ] {
        assert!(PROTOCOL.contains(&told), "not told: {told}");
    }
}

/// Each line of the worked sessions is a frame, written as the code writes it.
#[test]
fn the_sessions_are_real() {
    let (mut dialect, mut frames) = (None, 0);
    for line in PROTOCOL.lines() {
        if let Some(info) = line.strip_prefix("```") {
            dialect = (!info.is_empty()).then_some(info);
            continue;
        }
        let (Some(dialect @ ("hubbub.v1" | "classic")), Some((mark, frame))) =
            (dialect, line.split_once(' '))
        else {
            continue;
        };
        let again = match (dialect, mark) {
            ("hubbub.v1", ">") => Request::decode(frame).expect(frame).encode(),
            ("hubbub.v1", "<") => ServerFrame::decode(frame).expect(frame).encode(),
            ("classic", ">") => classic_again(frame).expect(frame),
            ("classic", "<") => classic_again(frame).unwrap_or_else(|refused| {
                assert_eq!(refused.code, ErrorCode::UnknownCommand, "{frame}");
                classic::error_frame(&serde_json::from_str(frame).expect(frame))
            }),
            _ => panic!("neither sent nor received: {line}"),
        };
        assert_eq!(again, frame);
        frames += 1;
    }
    assert!(frames > 20, "only {frames} frames were found");
}

fn classic_again(frame: &str) -> Result<String, ProtocolError> {
    classic::Command::decode(frame).map(|command| serde_json::to_string(&command).expect("plain data"))
}
