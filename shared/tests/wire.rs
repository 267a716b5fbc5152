//! Every frame of both dialects as it stands on the wire, one file each, checked in both directions.
//!
//! The tables in the code say which files there must be: at least one for each frame, and for each field that may be
//! absent one with it and one without it. A changed file is a changed protocol: clients and nodes of other versions
//! are out there.

use std::collections::BTreeSet;

use include_dir::{Dir, include_dir};
use serde_json::Value as Json;
use shared::{
    classic,
    command::{Command, Request},
    entry::{Entry, Message, Origin, What},
    event::{Event, Happened, Reply, ServerFrame},
    person::{Sender, SenderKind},
    table::{Flat, Frame, Frames, Shape},
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The files in `wire/`. Each ends with a line feed that is not part of the frame.
static WIRE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/wire");

/// The frame in a file.
fn frame(name: &str) -> &'static str {
    let file = WIRE.get_file(format!("{name}.json")).expect(name);
    file.contents_utf8().and_then(|text| text.strip_suffix('\n')).expect(name)
}

/// Names and frames of the files of one kind.
fn frames_of(kind: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = WIRE.files().filter_map(|file| file.path().file_stem()?.to_str());
    names.filter(move |name| name.starts_with(kind)).map(|name| (name, frame(name)))
}

/// What a reader made of a file has the tag of the file, and is written as it was read.
fn same(name: &str, tag: &str, again: &str) {
    let json: Json = serde_json::from_str(frame(name)).expect(name);
    assert_eq!(json["type"], tag, "{name}");
    assert_eq!(again, frame(name), "{name}");
}

#[test]
fn commands() {
    for (name, text) in frames_of("command-") {
        let request = Request::decode(text).expect(name);
        assert_eq!(request.id, 7, "{name}");
        same(name, request.command.tag(), &request.encode());
    }
}

#[test]
fn replies_and_events() {
    for (name, text) in frames_of("reply-").chain(frames_of("event-")) {
        let frame = ServerFrame::decode(text).expect(name);
        let tag = match &frame {
            ServerFrame::Reply(id, reply) => {
                assert_eq!((*id, name.starts_with("reply-")), (7, true), "{name}");
                reply.tag()
            }
            ServerFrame::Event(event) => event.tag(),
        };
        same(name, tag, &frame.encode());
    }
}

#[test]
fn classic_frames() {
    for (name, text) in frames_of("classic-") {
        let (tag, again) = if name.starts_with("classic-frame") || name.starts_with("classic-error") {
            let answer = classic::Answer::decode(text).expect(name);
            (answer.tag(), answer.encode())
        } else {
            let command = classic::Command::decode(text).expect(name);
            (command.tag(), command.encode())
        };
        same(name, tag, &again);
    }
    let room = "room1".parse().expect("a room");
    let json: Json = serde_json::from_str(frame("classic-frame")).expect("JSON");
    assert_eq!(classic::frame(&room, &json["message"].to_string()), frame("classic-frame"));
}

#[test]
fn every_frame_has_its_files() {
    covered("command-", Command::FRAMES);
    covered("reply-", Reply::FRAMES);
    covered("event-", Event::FRAMES);
    let kinds: BTreeSet<String> = entries().iter().map(|entry| entry["kind"].to_string()).collect();
    for kind in What::FRAMES.iter().map(|kind| kind.tag) {
        let told = if kind.is_empty() { "null".to_owned() } else { format!("{kind:?}") };
        assert!(kinds.contains(&told), "no entry of kind {told}: {kinds:?}");
    }
    for kind in SenderKind::ALL.iter().chain([&SenderKind::Unknown]) {
        let known = entries().iter().any(|entry| entry["sender"]["kind"] == kind.name());
        assert!(known, "no entry of a {} sender", kind.name());
    }
}

/// The entries in all files.
fn entries() -> Vec<Json> {
    let json = |(_, text)| serde_json::from_str::<Json>(text).expect("JSON");
    let lists = frames_of("reply-").map(json).filter_map(|it| it["messages"].as_array().cloned()).flatten();
    frames_of("event-").map(json).filter(|it| it["position"].is_string()).chain(lists).collect()
}

fn covered(kind: &str, table: &[Frame]) {
    let files: Vec<Json> =
        frames_of(kind).map(|(name, text)| serde_json::from_str(text).expect(name)).collect();
    for frame in table {
        let of_this: Vec<&Json> = files.iter().filter(|json| json["type"] == frame.tag).collect();
        assert!(!of_this.is_empty(), "no file for {kind}{}", frame.tag);
        for field in frame.fields.iter().filter(|field| matches!(field.shape, Shape::Optional(_))) {
            let with = of_this.iter().filter(|json| !json[field.name].is_null()).count();
            // `forgotten` has the fields of `welcome`, and its new guest never shows a token that could be refused.
            let exempt = frame.tag == "forgotten";
            assert!(exempt || (with > 0 && with < of_this.len()), "{kind}{}: {}", frame.tag, field.name);
        }
        for field in frame.fields {
            if let Shape::OneOf(names) = field.shape {
                for one in names {
                    let named = of_this.iter().any(|json| json[one.name].is_string());
                    assert!(named, "no file for {kind}{} with {}", frame.tag, one.name);
                }
            }
        }
    }
}

#[test]
fn entries_are_read_as_what_they_are() {
    let ServerFrame::Event(Event::Message(Happened { room, entry: Flat(entry) })) =
        ServerFrame::decode(frame("event-message")).expect("an event")
    else {
        panic!("not a message");
    };
    assert_eq!(room.as_str(), "general");
    let message = entry.message().expect("a message");
    let expected = Message {
        position: "1732456789012-0.x9Zq".parse().expect("a position"),
        prev: "1732456789000-3.aaaa".parse().expect("a position"),
        n: 42,
        at: 1_732_456_789_012,
        sender: Sender {
            id: "g-4f3a".parse().expect("a user"),
            name: "Ana María".parse().expect("a name"),
            kind: SenderKind::Guest,
        },
        nonce: "01JDFQ-x9Zq".parse().expect("a nonce"),
        body: "<script>alert('hi')</script>\n\u{1f44b}".parse().expect("a body"),
    };
    assert_eq!(message, expected);
    assert_eq!(Entry::from(message), entry);
}

/// Whatever stands in an entry, a reader learns its place.
#[test]
fn an_entry_always_has_a_place() {
    let place = r#""position":"2-0.b","prev":"1-0.a","n":1"#;
    let origin = r#""at":5,"sender":{"id":"u1","name":"Ana","kind":"guest"},"nonce":"n1""#;
    let read = |rest: &str| {
        let text = format!(r#"{{"type":"entry","room":"a",{place}{rest}}}"#);
        match ServerFrame::decode(&text).expect(&text) {
            ServerFrame::Event(Event::Entry(Happened { entry: Flat(entry), .. })) => entry,
            other => panic!("{other:?}"),
        }
    };
    let known = Some(Origin {
        at: 5,
        sender: Sender {
            id: "u1".parse().expect("text"),
            name: "Ana".parse().expect("text"),
            kind: SenderKind::Guest,
        },
        nonce: "n1".parse().expect("text"),
    });
    for (rest, origin, what) in [
        (String::new(), None, What::Unknown),
        (r#","kind":"exploded","size":7"#.to_owned(), None, What::Unknown),
        (format!(r#",{origin},"kind":"exploded""#), known.clone(), What::Unknown),
        (format!(r#",{origin},"body":7"#), known.clone(), What::Unknown),
        (format!(r#",{origin},"kind":7,"body":"""#), known, What::Unknown),
        (r#","at":"yesterday","sender":[],"nonce":"n1""#.to_owned(), None, What::Unknown),
    ] {
        let entry = read(&rest);
        assert_eq!((entry.position.as_str(), entry.prev.as_str(), entry.n), ("2-0.b", "1-0.a", 1), "{rest}");
        assert_eq!((entry.origin.0, entry.what), (origin, what), "{rest}");
    }
}
