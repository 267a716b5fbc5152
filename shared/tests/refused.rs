//! What is refused, with which code, and answered to which request id. The connection lives on after each of these.

use shared::{
    classic,
    command::{Command, Request},
    error::ErrorCode::{self, *},
    limits,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A frame, its request id as far as it can be read, the code of the answer, and a word that the sentence names.
type Case = (String, Option<u64>, ErrorCode, &'static str);

#[test]
fn frames_that_are_no_json_object() {
    for text in not_objects() {
        let refused = Request::decode(&text).expect_err(&text);
        assert_eq!((refused.id, refused.error.code), (None, BadJson), "{text}");
        let error = classic::Command::decode(&text).expect_err(&text);
        assert_eq!(error.code, BadJson, "classic: {text}");
    }
}

#[test]
fn requests() {
    for (text, id, code, word) in request_cases() {
        let refused = Request::decode(&text).expect_err(&text);
        assert_eq!((refused.id, refused.error.code), (id, code), "{text}");
        assert!(refused.error.message.contains(word), "{text}: {}", refused.error.message);
        assert!(!refused.error.message.contains("xxxx"), "{text}: the sentence repeats what was sent");
    }
}

#[test]
fn classic_commands() {
    for (text, _, code, word) in classic_cases() {
        let error = classic::Command::decode(&text).expect_err(&text);
        assert_eq!(error.code, code, "{text}");
        assert!(error.message.contains(word), "{text}: {}", error.message);
    }
}

/// JSON leaves it open which of two equal keys counts; here the last does, in every dialect and on every node.
#[test]
fn the_last_of_equal_keys_counts() {
    let request = Request::decode(r#"{"id":1,"type":"nope","id":2,"type":"ping"}"#);
    assert_eq!(request, Ok(Request { id: 2, command: Command::Ping }));
    let twice = r#"{"type":"SUBSCRIBE","room":"","room":"a"}"#;
    let once = r#"{"type":"SUBSCRIBE","room":"a"}"#;
    assert_eq!(classic::Command::decode(twice), classic::Command::decode(once));
}

/// One less than what is refused is accepted.
#[test]
fn longest_texts_are_accepted() {
    for text in [
        format!(r#"{{"id":{},"type":"ping"}}"#, u64::MAX),
        with("leave", r#""room""#, &"ü".repeat(limits::ROOM_CHARS)),
        with("rename", r#""name""#, &"ü".repeat(limits::NAME_CHARS)),
        with("send", r#""room":"a","nonce":"n","body""#, &"x".repeat(limits::BODY_BYTES)),
        with("send", r#""room":"a","body":"b","nonce""#, &"x".repeat(limits::NONCE_CHARS)),
        with("join", r#""room":"a","since""#, &"x".repeat(limits::POSITION_CHARS)),
    ] {
        assert!(Request::decode(&text).is_ok(), "{text}");
    }
}

fn not_objects() -> Vec<String> {
    let deep = |open: &str, close: &str| {
        format!(r#"{{"id":1,"type":"ping","x":{}{}}}"#, open.repeat(200), close.repeat(200))
    };
    let mut cases: Vec<String> = [
        "",
        " ",
        "null",
        "1",
        r#""ping""#,
        r#"[{"id":1,"type":"ping"}]"#,
        r#"{"id":1,"type":"ping""#,
        r#"{"id":1,"type":"ping"} {"id":2,"type":"ping"}"#,
        r#"{"id":1,"type":"ping",}"#,
        r"{'id':1,'type':'ping'}",
        r#"{"id":1e400,"type":"ping"}"#,
        r#"{"id":NaN,"type":"ping"}"#,
        // Half of a pair, which is no Unicode text, wherever it stands.
        r#"{"id":1,"type":"send","room":"a","nonce":"n","body":"\ud83d"}"#,
        r#"{"id":1,"type":"send","room":"a","nonce":"n","body":"\udc4b"}"#,
        r#"{"id":1,"type":"ping","\ud83d":1}"#,
        r#"{"type":"sendMessage","roomId":"a","message":"\ud83d!"}"#,
        "{\"id\":1,\"type\":\"ping\",\"x\":\"a\nb\"}",
    ]
    .map(str::to_owned)
    .into();
    cases.extend([deep("[", "]"), deep(r#"[{"x":"#, "0}]")]);
    cases
}

fn request_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |text: &str, id, code, word| cases.push((text.to_owned(), id, code, word));
    let seven = Some(7);

    // The id itself.
    add(r#"{"type":"ping"}"#, None, MissingField, "`id`");
    add(r#"{"id":null,"type":"ping"}"#, None, MissingField, "`id`");
    for id in ["-1", "1.0", "1.5", "1e2", "18446744073709551616", r#""7""#, "true", "[7]", "{}"] {
        add(&format!(r#"{{"id":{id},"type":"ping"}}"#), None, WrongType, "`id`");
    }

    // The command.
    for kind in [r#""nope""#, r#""""#, r#""PING""#, r#""SUBSCRIBE""#, "null", "7", "[]", r#"{"type":"ping"}"#]
    {
        add(&format!(r#"{{"id":7,"type":{kind}}}"#), seven, UnknownCommand, "command");
    }
    add(r#"{"id":7}"#, seven, UnknownCommand, "`type`");
    add("{}", None, UnknownCommand, "`type`");
    add(r#"{"type":"nope"}"#, None, UnknownCommand, "command");

    // Each field that is needed: absent, null, and of each wrong type.
    for (kind, others, field) in [
        ("hello", "", "name"),
        ("join", "", "room"),
        ("leave", "", "room"),
        ("send", r#""nonce":"n","body":"b","#, "room"),
        ("send", r#""room":"a","body":"b","#, "nonce"),
        ("send", r#""room":"a","nonce":"n","#, "body"),
        ("history", r#""before":"0","#, "room"),
        ("rename", "", "name"),
    ] {
        add(&format!(r#"{{{others}"id":7,"type":"{kind}"}}"#), seven, MissingField, field);
        add(&format!(r#"{{{others}"id":7,"type":"{kind}","{field}":null}}"#), seven, MissingField, field);
        for wrong in ["0", "true", "1.5", "[]", "{}", r#"["a"]"#] {
            add(&format!(r#"{{{others}"id":7,"type":"{kind}","{field}":{wrong}}}"#), seven, WrongType, field);
        }
    }
    add(r#"{"id":7,"type":"history","room":"a"}"#, seven, MissingField, "before");
    add(r#"{"id":7,"type":"history","room":"a","after":null}"#, seven, MissingField, "after");

    // Fields that need not be there, of a wrong type.
    for (kind, others, field) in [
        ("hello", r#""name":"A","#, "token"),
        ("join", r#""room":"a","#, "since"),
        ("history", r#""room":"a","#, "before"),
        ("history", r#""room":"a","#, "after"),
        ("history", r#""room":"a","#, "around"),
    ] {
        for wrong in ["0", "false", "[]", "{}"] {
            add(&format!(r#"{{{others}"id":7,"type":"{kind}","{field}":{wrong}}}"#), seven, WrongType, field);
        }
    }
    for limit in ["-1", "0.5", r#""50""#, "99999999999999999999", "[]", "{}", "true"] {
        let text = format!(r#"{{"id":7,"type":"history","room":"a","after":"0","limit":{limit}}}"#);
        add(&text, seven, WrongType, "`limit`");
    }

    // Texts that break their rules.
    let long = |chars: usize| "x".repeat(chars + 1);
    let room = |text: &str| with("join", r#""room""#, text);
    let name = |text: &str| with("hello", r#""name""#, text);
    let nonce = |text: &str| with("send", r#""room":"a","body":"b","nonce""#, text);
    let body = |text: &str| with("send", r#""room":"a","nonce":"n","body""#, text);
    add(&room(""), seven, RoomEmpty, "room");
    add(&room(&long(limits::ROOM_CHARS)), seven, RoomTooLong, "128");
    add(&name(""), seven, NameEmpty, "name");
    add(&name(" \u{200b} "), seven, NameEmpty, "name");
    add(&name(&long(limits::NAME_CHARS)), seven, NameTooLong, "64");
    add(&name("a\u{202e}b"), seven, NameForbidden, "direction");
    add(&name("a\\u0000b"), seven, NameForbidden, "control");
    add(&body(""), seven, MessageEmpty, "message");
    add(&body(&long(limits::BODY_BYTES)), seven, MessageTooLong, "16384");
    for bad in ["", "a b", "ü", "a.b", &long(limits::NONCE_CHARS)] {
        add(&nonce(bad), seven, NonceInvalid, "nonce");
    }
    for field in ["since", "before", "after", "around"] {
        let kind = if field == "since" { "join" } else { "history" };
        for bad in ["", "a b", "ü", "a\\\"b", &long(limits::POSITION_CHARS)] {
            let text = with(kind, &format!(r#""room":"a","{field}""#), bad);
            add(&text, seven, PositionInvalid, "position");
        }
    }
    cases
}

fn classic_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |text: &str, code, word| cases.push((text.to_owned(), None, code, word));
    for text in [
        "{}",
        r#"{"type":null}"#,
        r#"{"type":1}"#,
        r#"{"type":"subscribe","room":"a"}"#,
        r#"{"type":"join","room":"a"}"#,
    ] {
        add(text, UnknownCommand, "`type`");
    }
    let long = "x".repeat(limits::ROOM_CHARS + 1);
    for (others, field) in [
        (r#"{"type":"SUBSCRIBE","#, "room"),
        (r#"{"type":"UNSUBSCRIBE","#, "room"),
        (r#"{"message":"hi","type":"sendMessage","#, "roomId"),
    ] {
        add(&format!(r#"{others}"x":1}}"#), MissingField, field);
        add(&format!(r#"{others}"{field}":null}}"#), MissingField, field);
        for wrong in ["1", "true", "[]", "{}"] {
            add(&format!(r#"{others}"{field}":{wrong}}}"#), WrongType, field);
        }
        add(&format!(r#"{others}"{field}":""}}"#), RoomEmpty, "room");
        add(&format!(r#"{others}"{field}":"{long}"}}"#), RoomTooLong, "room");
    }
    let say = |message: &str| format!(r#"{{"type":"sendMessage","roomId":"a","message":{message}}}"#);
    add(r#"{"type":"sendMessage","roomId":"a"}"#, MissingField, "message");
    add(&say("null"), MissingField, "message");
    add(&say("1"), WrongType, "message");
    add(&say("{}"), WrongType, "message");
    add(&say(r#""""#), MessageEmpty, "message");
    add(&say(&format!("{:?}", "x".repeat(limits::BODY_BYTES + 1))), MessageTooLong, "message");
    // The names of the fields of one command do not do for another.
    add(r#"{"type":"sendMessage","room":"a","message":"hi"}"#, MissingField, "roomId");
    add(r#"{"type":"SUBSCRIBE","roomId":"a"}"#, MissingField, "room");
    cases
}

/// A request with id 7 whose last field has this text.
fn with(kind: &str, fields: &str, text: &str) -> String {
    format!(r#"{{"id":7,"type":"{kind}",{fields}:"{text}"}}"#)
}
