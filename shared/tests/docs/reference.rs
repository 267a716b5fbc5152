//! The tables of `docs/protocol.md` that come from the tables in the code.

use std::fmt::Write as _;

use shared::{
    classic,
    close::{CloseReason, Return, after},
    command::Command,
    entry::{Entry, Origin, What},
    error::{ErrorCode, Retry},
    event::{Event, Reply},
    person::{Person, Sender},
    table::{Described, Frame, Frames, Record, Shape},
};

/// Each generated part of the page: its name in the marks around it, and what stands there.
pub(crate) fn parts() -> Vec<(&'static str, String)> {
    vec![
        ("commands", frames("Command", Command::FRAMES)),
        ("replies", frames("Reply", Reply::FRAMES)),
        ("events", frames("Event", Event::FRAMES)),
        ("entry", fields(&[("entry", &[Entry::FIELDS, Origin::FIELDS].concat())])),
        ("kinds", frames("Kind", What::FRAMES)),
        ("people", fields(&[("sender", Sender::FIELDS), ("person", Person::FIELDS)])),
        ("classic", frames("Command", classic::Command::FRAMES)),
        ("classic-answers", frames("Frame", classic::Answer::FRAMES)),
        ("errors", errors()),
        ("closes", closes()),
    ]
}

/// The page with its generated parts made anew.
pub(crate) fn renewed(page: &str) -> String {
    let mut page = page.to_owned();
    for (name, part) in parts() {
        let (open, close) = (format!("<!-- generated: {name} -->\n"), "<!-- end -->");
        let from = page.find(&open).unwrap_or_else(|| panic!("no mark {open:?}")) + open.len();
        let to = from + page[from..].find(close).unwrap_or_else(|| panic!("no end of {name}"));
        page.replace_range(from..to, &format!("\n{part}\n"));
    }
    page
}

/// What each frame means, and what its fields mean.
fn frames(what: &str, frames: &[Frame]) -> String {
    let replies = frames.iter().any(|frame| frame.reply.is_some());
    let mut out = if replies {
        format!("| {what} | Meaning | Reply |\n|---|---|---|\n")
    } else {
        format!("| {what} | Meaning |\n|---|---|\n")
    };
    for frame in frames {
        let reply = frame.reply.map(|reply| format!(" `{reply}` |")).unwrap_or_default();
        writeln!(out, "| {} | {} |{reply}", tag(frame), frame.doc.trim()).expect("text");
    }
    let with_fields: Vec<(&str, &[Described])> = frames
        .iter()
        .filter(|frame| !frame.fields.is_empty())
        .map(|frame| (frame.tag, frame.fields))
        .collect();
    if !with_fields.is_empty() {
        out.push('\n');
        out.push_str(&fields(&with_fields));
    }
    out
}

fn tag(frame: &Frame) -> String {
    if frame.tag.is_empty() { "(absent)".to_owned() } else { format!("`{}`", frame.tag) }
}

/// A row for each field; `?` marks those that may be absent.
fn fields(objects: &[(&str, &[Described])]) -> String {
    let mut out = "| In | Field | Type | Meaning |\n|---|---|---|---|\n".to_owned();
    for (object, described) in objects {
        let object = if object.is_empty() { "(absent)".to_owned() } else { format!("`{object}`") };
        let mut first = true;
        for field in *described {
            let owner = if std::mem::take(&mut first) { object.as_str() } else { "" };
            row(&mut out, owner, field);
        }
    }
    out
}

fn row(out: &mut String, owner: &str, field: &Described) {
    let Described { name, doc, shape } = field;
    let doc = doc.trim();
    match shape {
        Shape::OneOf(sides) => {
            let names: Vec<String> = sides.iter().map(|side| format!("`{}`", side.name)).collect();
            writeln!(out, "| {owner} | one of {} | position | {doc} |", names.join(", ")).expect("text");
        }
        Shape::Flat { .. } if *name == "entry" => {
            writeln!(out, "| {owner} | the fields of an [entry](#an-entry) | | {doc} |").expect("text");
        }
        // Told row by row where the object itself is told.
        Shape::Flat { .. } => {}
        Shape::Tagged { key, .. } => {
            writeln!(out, "| {owner} | `{key}`? and the fields of that kind | | {doc} |").expect("text");
        }
        Shape::Optional(inner) => {
            writeln!(out, "| {owner} | `{name}`? | {} | {doc} |", kind(inner)).expect("text");
        }
        other => writeln!(out, "| {owner} | `{name}` | {} | {doc} |", kind(other)).expect("text"),
    }
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::Rule(rule, _) => (*rule).to_owned(),
        Shape::Word(words) if words.len() > 5 => "error code".to_owned(),
        Shape::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Shape::Number => "whole number".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::List(inner) => format!("list of {}", kind(inner)),
        Shape::Object(fields) if fields.iter().any(|field| field.name == "position") => "entry".to_owned(),
        Shape::Object(fields) if fields.iter().any(|field| field.name == "code") => "error".to_owned(),
        Shape::Object(fields) if fields.len() == 3 => "sender".to_owned(),
        Shape::Object(_) => "person".to_owned(),
        Shape::Optional(_) | Shape::Flat { .. } | Shape::OneOf(_) | Shape::Tagged { .. } => {
            panic!("{shape:?} is no type of one field")
        }
    }
}

fn errors() -> String {
    let mut out = "| Code | Retry | Meaning |\n|---|---|---|\n".to_owned();
    for code in ErrorCode::ALL {
        let advice = match code.retry() {
            Retry::Never => "never",
            Retry::SameNonce => "same nonce",
        };
        writeln!(out, "| `{}` | {advice} | {} |", code.name(), code.doc().trim()).expect("text");
    }
    out
}

fn closes() -> String {
    let mut rows: Vec<(u16, String)> = CloseReason::ALL
        .iter()
        .map(|reason| (reason.code(), reason.doc().trim().to_owned()))
        .chain([(1006, "(Made by the client's side.) The connection broke.".to_owned())])
        .collect();
    rows.sort();
    let mut out = "| Code | Connect again | Meaning |\n|---|---|---|\n".to_owned();
    for (code, meaning) in rows {
        let decision = match after(code) {
            Return::Backoff => "backoff",
            Return::Soon => "soon",
            Return::Never => "never",
        };
        writeln!(out, "| {code} | {decision} | {meaning} |").expect("text");
    }
    out
}
