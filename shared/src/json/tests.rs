use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Json, Object, Unreadable, Writer};

/// The same value as `serde_json` has it.
fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Flag(flag) => flag.into(),
        Json::Whole(number) => number.into(),
        Json::Number => json!("a number"),
        Json::Text(text) => text.into(),
        Json::List(values) => values.into_iter().map(value).collect(),
        Json::Object(Object(fields)) => fields.into_iter().map(|(name, json)| (name, value(json))).collect(),
    }
}

/// The value of `serde_json` with all the numbers made one that Hubbub does not use.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_u64().is_none() => json!("a number"),
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

fn same(text: &str) {
    let theirs = serde_json::from_str(text);
    if theirs.as_ref().is_err_and(|error| error.to_string().starts_with("number out of range")) {
        // Numbers that Hubbub does not use are not looked at.
        return;
    }
    assert_eq!(Json::parse(text).ok().map(value), theirs.ok().map(plain), "{text:?}");
}

const TEXTS: [&str; 40] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "18446744073709551615",
    "18446744073709551616",
    "-0",
    "-1",
    "1.0",
    "1.5e3",
    "1E-2",
    "\"\"",
    "\"a\\u0041\\ud83d\\ude00\\n\\\"\\\\\\/\\b\\f\\r\\t\"",
    "[]",
    "[1,[2],{\"a\":[]}]",
    "{}",
    " { \"a\" : 1 , \"a\" : 2 } ",
    "\"\u{7f}\u{2028}😀\"",
    "{\"\":null}",
    // No JSON:
    "",
    " ",
    "nul",
    "truee",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "-",
    "\"",
    "\"\\x\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\n\"",
    "[1,]",
    "{\"a\"}",
    "{\"a\":1,}",
    "{a:1}",
    "1 2",
];

#[test]
fn reads_what_serde_json_reads() {
    TEXTS.into_iter().for_each(same);
}

/// Every text with one byte taken away, doubled or replaced by one that means something.
#[test]
fn refuses_what_serde_json_refuses() {
    for text in TEXTS {
        for (at, c) in text.char_indices() {
            let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
            same(&format!("{before}{after}"));
            for other in
                [c, '"', '\\', '{', '}', '[', ']', ',', ':', '0', '9', 'e', '-', '.', 'u', ' ', '\u{1}', 'ü']
            {
                same(&format!("{before}{other}{after}"));
                same(&format!("{before}{c}{other}{after}"));
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Json::parse(&deep(100)).is_ok());
    assert_eq!(Json::parse(&deep(101)), Err(Unreadable::Syntax(101)));
    assert!(Json::parse(&"[".repeat(1_000_000)).is_err());
}

#[test]
fn fields() {
    let mut fields = Object::parse(r#"{"a":1,"b":"x","c":null,"d":true,"e":[1],"f":{"a":2},"a":3}"#).unwrap();
    assert_eq!(fields.whole("a"), Ok(3), "the last one counts");
    assert_eq!(fields.maybe_whole("c"), Ok(None));
    assert_eq!(fields.whole("c"), Err(Unreadable::Field("c")));
    assert_eq!(fields.flag("b"), Err(Unreadable::Field("b")));
    assert_eq!(fields.flag("d"), Ok(true));
    assert_eq!(fields.list("e"), Ok(vec![Json::Whole(1)]));
    assert_eq!(fields.object("f").unwrap().whole("a"), Ok(2));
    assert_eq!(Object::parse("[]"), Err(Unreadable::Field("object")));
}

#[test]
fn writes_what_serde_json_writes() {
    let all: String = ('\0'..='\u{ff}').chain(['\u{2028}', '😀']).collect();
    assert_eq!(Writer::new().end(), "{}");
    assert_eq!(
        Writer::new().text("a", &all).maybe_text("b", None).whole("c", u64::MAX).json("d", "[1]").end(),
        format!(r#"{{"a":{},"c":18446744073709551615,"d":[1]}}"#, json!(all)),
    );
}
