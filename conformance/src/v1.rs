//! The cases of hubbub.v1.

mod connecting;
mod ending;
mod frames;
mod history;
mod identity;
mod joining;
mod presence;
mod resuming;
mod sending;
mod texts;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{Case, Dialect, Target};

/// In the order of the document.
pub fn cases() -> Vec<Case> {
    let sections = [
        ("Connecting", connecting::CASES),
        ("hubbub.v1: frames", frames::CASES),
        ("Texts", texts::CASES),
        ("Who one is", identity::CASES),
        ("Joining and resuming", joining::CASES),
        ("Joining and resuming", resuming::CASES),
        ("Sending", sending::CASES),
        ("History", history::CASES),
        ("Presence", presence::CASES),
        ("Close codes", ending::CASES),
    ];
    let of = |(section, list): (&'static str, Cases)| {
        list.iter().map(move |(name, check)| Case { dialect: Dialect::V1, section, name, check: *check })
    };
    sections.into_iter().flat_map(of).collect()
}

type Cases = &'static [(&'static str, fn(&Target) -> Result<()>)];

/// The messages of a `joined` or a `page`.
fn messages(reply: &Value) -> Result<&Vec<Value>> {
    reply["messages"].as_array().with_context(|| format!("{reply} has no messages"))
}

/// The bodies of the messages of a `joined` or a `page`.
fn bodies(reply: &Value) -> Result<Vec<&str>> {
    messages(reply)?
        .iter()
        .map(|message| message["body"].as_str().with_context(|| format!("{message} has no body")))
        .collect()
}

/// That each message follows the one before it.
fn chained(messages: &[Value]) -> Result<()> {
    for pair in messages.windows(2) {
        let (one, next) = (&pair[0], &pair[1]);
        ensure!(next["prev"] == one["position"], "{next} does not follow {one}");
        ensure!(next["n"].as_u64() > one["n"].as_u64(), "n does not rise from {one} to {next}");
    }
    Ok(())
}
