//! Guests, tokens, names.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Cases;
use crate::Target;

/// Milliseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1000;

pub(super) const CASES: Cases = &[
    ("welcome names user, name, token, expires and node", welcome_is_complete),
    ("a token is good for 180 days", token_lasts),
    ("a new hello makes a new guest", guests_differ),
    ("a token makes the same user again, on any node", same_user),
    ("with a token the name of hello does not count", name_is_kept),
    ("a forged token makes a new guest and is refused", forged_token),
    ("rename answers with the name as it is kept", rename_is_kept),
    ("rename counts from now on; older messages keep their name", rename_counts),
    ("rename counts on all connections of the person", rename_everywhere),
    ("others hear of a rename", rename_is_told),
    ("forget makes a new guest of the connection", forget_makes_a_guest),
    ("forget ends the person's other connections with 3502", forget_ends_others),
    ("a forgotten token is worthless", forgotten_token),
];

fn welcome_is_complete(target: &Target) -> Result<()> {
    let welcome = target.connect()?.hello("Ana")?;
    for field in ["user", "name", "token", "node"] {
        ensure!(welcome[field].as_str().is_some_and(|text| !text.is_empty()), "no {field} in {welcome}");
    }
    ensure!(welcome["expires"].is_u64() && welcome["name"] == "Ana", "{welcome}");
    ensure!(welcome.get("refused").is_none_or(Value::is_null), "{welcome}");
    Ok(())
}

fn token_lasts(target: &Target) -> Result<()> {
    let welcome = target.connect()?.hello("Ana")?;
    let expires = welcome["expires"].as_u64().context("no expires")?;
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let days = expires.saturating_sub(now) / DAY;
    ensure!((178..=181).contains(&days), "it is good for {days} days");
    Ok(())
}

fn guests_differ(target: &Target) -> Result<()> {
    let (one, two) = (target.guest("Ana")?, target.guest("Ana")?);
    ensure!(one.welcome["user"] != two.welcome["user"], "both are {}", one.welcome["user"]);
    Ok(())
}

fn same_user(target: &Target) -> Result<()> {
    let first = target.guest("Ana")?.welcome;
    let again = target.other_connect()?.hello_with("Ana", &first["token"])?;
    ensure!(again["user"] == first["user"], "{first} became {again}");
    ensure!(again.get("refused").is_none_or(Value::is_null), "{again}");
    Ok(())
}

fn name_is_kept(target: &Target) -> Result<()> {
    let mut first = target.guest("Ana")?;
    let same = target.other_connect()?.hello_with("Ben", &first.welcome["token"])?;
    ensure!(same["name"] == "Ana", "hello as Ben made Ana {same}");
    first.ask("rename", json!({"name": "Anna"}), "renamed")?;
    let renamed = target.connect()?.hello_with("Ana", &first.welcome["token"])?;
    ensure!(renamed["name"] == "Anna", "after the rename, hello was answered with {renamed}");
    Ok(())
}

fn forged_token(target: &Target) -> Result<()> {
    let first = target.guest("Ana")?.welcome;
    let token = first["token"].as_str().context("no token")?;
    let forged = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'B' } else { 'A' });
    for bad in [forged.as_str(), "nonsense", ""] {
        let welcome = target.connect()?.hello_with("Ana", &bad.into())?;
        ensure!(welcome["user"] != first["user"], "{bad:?} counted");
        ensure!(welcome["refused"]["code"] == "token_invalid", "{bad:?} was answered with {welcome}");
    }
    Ok(())
}

fn rename_is_kept(target: &Target) -> Result<()> {
    let renamed = target.guest("Ana")?.ask("rename", json!({"name": " Anna "}), "renamed")?;
    ensure!(renamed["name"] == "Anna", "{renamed}");
    Ok(())
}

fn rename_counts(target: &Target) -> Result<()> {
    let room = target.room("rename");
    let mut client = target.member("Ana", &room)?;
    client.say(&room, "before")?;
    client.ask("rename", json!({"name": "Anna"}), "renamed")?;
    client.say(&room, "after")?;
    let joined = target.other_guest("Ben")?.join(&room)?;
    let said: Vec<_> = super::messages(&joined)?
        .iter()
        .map(|message| (message["body"].as_str(), message["sender"]["name"].as_str()))
        .collect();
    ensure!(said == [(Some("before"), Some("Ana")), (Some("after"), Some("Anna"))], "{said:?}");
    Ok(())
}

fn rename_everywhere(target: &Target) -> Result<()> {
    let room = target.room("two connections");
    let mut first = target.guest("Ana")?;
    let mut second = target.connect()?;
    second.hello_with("Ana", &first.welcome["token"])?;
    second.join(&room)?;
    first.ask("rename", json!({"name": "Anna"}), "renamed")?;
    // The node of the second connection may be another one, which hears of it a moment later.
    let anna = json!([{"id": first.welcome["user"], "name": "Anna"}]);
    second.find(|frame| frame["type"] == "presence" && frame["came"] == anna)?;
    second.say(&room, "who am I?")?;
    let message = second.message(&room)?;
    ensure!(message["sender"]["name"] == "Anna", "{message}");
    Ok(())
}

fn rename_is_told(target: &Target) -> Result<()> {
    let room = target.room("told");
    let mut watcher = target.member("Ben", &room)?;
    let mut client = target.member("Ana", &room)?;
    let user = client.welcome["user"].clone();
    client.ask("rename", json!({"name": "Anna"}), "renamed")?;
    let came = |frame: &Value| {
        frame["came"].as_array().is_some_and(|came| came.contains(&json!({"id": user, "name": "Anna"})))
    };
    watcher
        .find(|frame| frame["type"] == "presence" && frame["room"] == room.as_str() && came(frame))
        .map(drop)
}

fn forget_makes_a_guest(target: &Target) -> Result<()> {
    let mut client = target.member("Ana", &target.room("forget"))?;
    let before = client.welcome.clone();
    let forgotten = client.ask("forget", json!({}), "forgotten")?;
    ensure!(forgotten["user"] != before["user"], "still {}", forgotten["user"]);
    ensure!(forgotten["token"].is_string() && forgotten["expires"].is_u64(), "{forgotten}");
    client.settle()
}

fn forget_ends_others(target: &Target) -> Result<()> {
    let mut first = target.guest("Ana")?;
    let mut second = target.other_connect()?;
    second.hello_with("Ana", &first.welcome["token"])?;
    first.ask("forget", json!({}), "forgotten")?;
    let code = second.close_code()?;
    ensure!(code == Some(3502), "closed with {code:?}");
    Ok(())
}

fn forgotten_token(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    let before = client.welcome.clone();
    client.ask("forget", json!({}), "forgotten")?;
    let hello = || target.connect()?.hello_with("Ana", &before["token"]);
    // A node that hears of it in this very moment ends whoever shows the token, as it ends all connections of the person.
    let welcome =
        hello().or_else(|error| if error.to_string().contains("3502") { hello() } else { Err(error) })?;
    ensure!(welcome["user"] != before["user"] && welcome["refused"]["code"] == "token_invalid", "{welcome}");
    Ok(())
}
