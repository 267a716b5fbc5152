//! The form of an outbox in the browser's storage: a JSON list of what waits.

use shared::{
    error::ErrorCode,
    json::{Json, Unreadable, Writer},
    text::{Body, Nonce, Position, UserId},
};

use super::message::{PendingMessage, Stopped, Tried};

const FAILED: &str = "failed";
const UNSURE: &str = "unsure";

/// What is written in a text. What cannot be read is passed over.
pub(super) fn read(text: &str) -> Vec<PendingMessage> {
    let list = Json::parse(text).and_then(|json| json.list("outbox")).unwrap_or_default();
    list.into_iter().filter_map(|json| entry(json).ok()).collect()
}

/// The text.
pub(super) fn write(entries: &[PendingMessage]) -> String {
    let mut text = String::new();
    for entry in entries {
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&one(entry));
    }
    text.push(']');
    text
}

fn one(entry: &PendingMessage) -> String {
    let mut fields = Writer::new();
    fields.text("room", entry.room.as_str()).text("nonce", entry.nonce.as_str());
    fields.text("body", entry.body.as_str()).whole("at", entry.at);
    if let Some(tried) = &entry.tried {
        let mut inner = Writer::new();
        inner.whole("at", tried.at).whole("times", tried.times.into()).text("by", tried.by.as_str());
        inner.maybe_text("after", tried.after.as_ref().map(Position::as_str));
        fields.json("tried", &inner.end());
    }
    match entry.stopped {
        Some(Stopped::Failed(code)) => {
            fields.json("stopped", &Writer::new().text(FAILED, code.name()).end());
        }
        Some(Stopped::Unsure) => {
            fields.text("stopped", UNSURE);
        }
        None => {}
    }
    fields.end()
}

fn entry(json: Json) -> Result<PendingMessage, Unreadable> {
    let mut fields = json.object("entry")?;
    Ok(PendingMessage {
        room: fields.room()?,
        nonce: fields.parsed("nonce", Nonce::parse)?,
        body: fields.parsed("body", Body::parse)?,
        at: fields.whole("at")?,
        tried: fields.maybe("tried").map(tried).transpose()?,
        stopped: fields.maybe("stopped").map(stopped).transpose()?,
        sending: false,
        missing: false,
        here_since: 0,
    })
}

fn tried(json: Json) -> Result<Tried, Unreadable> {
    let mut fields = json.object("tried")?;
    Ok(Tried {
        at: fields.whole("at")?,
        times: fields.whole("times")?.try_into().unwrap_or(u32::MAX),
        by: fields.parsed("by", UserId::parse)?,
        after: fields.maybe_parsed("after", Position::parse)?,
    })
}

fn stopped(json: Json) -> Result<Stopped, Unreadable> {
    match json {
        Json::Text(unsure) if unsure == UNSURE => Ok(Stopped::Unsure),
        json => Ok(Stopped::Failed(ErrorCode::named(&json.object("stopped")?.string(FAILED)?))),
    }
}
