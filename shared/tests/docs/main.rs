//! `docs/protocol.md` and `docs/schema.json` say everything that is on the wire, and what the page shows is what the code
//! reads and writes. `UPDATE_DOCS=1 cargo test -p shared --test docs` makes the generated parts anew.

#![cfg(not(target_arch = "wasm32"))]

mod reference;
mod schema;

use std::{env, fs, path::Path};

use serde_json::Value as Json;
use shared::{classic, command::Request, error::ErrorCode, event::ServerFrame, limits};

const PROTOCOL: &str = include_str!("../../../docs/protocol.md");
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

/// Writes a file of the docs anew where that was asked for, else holds it against what it should be.
fn hold(file: &Path, should_be: &str) {
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, should_be).expect("a file");
    }
    let is = fs::read_to_string(file).unwrap_or_default();
    assert!(
        is == should_be,
        "{} is out of date: UPDATE_DOCS=1 cargo test -p shared --test docs",
        file.display()
    );
}

#[test]
fn the_reference_is_that_of_the_code() {
    hold(&Path::new(DOCS).join("protocol.md"), &reference::renewed(PROTOCOL));
}

#[test]
fn the_schemas_are_those_of_the_code() {
    let should_be = schema::schema();
    let file = Path::new(DOCS).join("schema.json");
    let read = || fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Json>(&text).ok());
    // The order of fields in the text depends on how serde_json was built.
    if read() != Some(should_be.clone()) {
        hold(&file, &(serde_json::to_string_pretty(&should_be).expect("plain data") + "\n"));
    }
}

/// The examples fit their schema, and do not when a field is missing that must be there.
#[test]
fn the_examples_fit_the_schemas() {
    let schema = schema::schema();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire");
    for file in fs::read_dir(folder).expect(folder) {
        let file = file.expect(folder).path();
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let set = &schema["$defs"][match name.split('-').collect::<Vec<_>>()[..] {
            ["command", ..] => "hubbub.v1-client",
            [_, "unknown"] => continue,
            ["reply" | "event", ..] => "hubbub.v1-server",
            ["classic", "frame" | "error", ..] => "classic-server",
            _ => "classic-client",
        }];
        let text = fs::read_to_string(&file).expect("an example");
        let example: Json = serde_json::from_str(&text).expect("JSON");
        assert!(schema::fits(set, &example), "{name}");
        let mut missing = example.clone();
        missing.as_object_mut().expect("an object").remove("type");
        assert!(!schema::fits(set, &missing), "{name} without a type");
        for field in ["room", "roomId", "position", "name", "code"] {
            let mut missing = example.clone();
            if missing.as_object_mut().expect("an object").remove(field).is_some()
                && name != "classic-error-lost"
            {
                assert!(!schema::fits(set, &missing), "{name} without {field}");
            }
        }
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
            ("classic", ">") => classic::Command::decode(frame).expect(frame).encode(),
            ("classic", "<") => classic::Answer::decode(frame).expect(frame).encode(),
            _ => panic!("neither sent nor received: {line}"),
        };
        assert_eq!(again, frame);
        frames += 1;
    }
    assert!(frames > 20, "only {frames} frames were found");
}

/// Codes that the prose names exist.
#[test]
fn named_codes_exist() {
    for code in ["token_invalid", "messages_lost", "position_invalid", "rate_limited", "message_gone"] {
        assert!(PROTOCOL.contains(&format!("`{code}`")), "{code}");
        assert_ne!(ErrorCode::named(code), ErrorCode::Unknown, "{code}");
    }
}
