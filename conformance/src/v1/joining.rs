//! What a member sees from `join` on.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Cases, bodies, chained, messages};
use crate::{
    Target,
    client::{Client, nonce},
};

pub(super) const CASES: Cases = &[
    ("a room in which nothing was said stands at 0", empty_room),
    ("without since the newest page comes, at most 50", newest_page),
    ("older says whether there is something before the page", older),
    ("what comes after position follows as events, in order and without a gap", events_follow),
    ("members on every node see the same order", one_order),
    ("joining twice renews the membership", join_twice),
    ("leave is answered by left, joined or not", leave),
    ("nothing arrives after leave", nothing_after_leave),
    ("messages of a room reach its members only", members_only),
];

/// Sends messages `1` to `count`, all at once.
pub(super) fn fill(client: &mut Client, room: &str, count: usize) -> Result<()> {
    let tell =
        |body: usize| client.tell("send", json!({"room": room, "nonce": nonce(), "body": body.to_string()}));
    let ids = (1..=count).map(tell).collect::<Result<Vec<_>>>()?;
    for id in ids {
        let reply = client.reply(id)?;
        ensure!(reply["type"] == "sent", "{reply}");
    }
    Ok(())
}

fn empty_room(target: &Target) -> Result<()> {
    let joined = target.guest("Ana")?.join(&target.room("empty"))?;
    ensure!(
        joined["position"] == "0" && joined["recovered"] == false && joined["older"] == false,
        "{joined}"
    );
    ensure!(messages(&joined)?.is_empty(), "{joined}");
    Ok(())
}

fn newest_page(target: &Target) -> Result<()> {
    let room = target.room("page");
    fill(&mut target.guest("Ana")?, &room, 60)?;
    let joined = target.other_guest("Ben")?.join(&room)?;
    let page = messages(&joined)?;
    ensure!(page.len() == 50 && joined["recovered"] == false, "{} messages", page.len());
    chained(page)?;
    let last = page.last().context("a page")?;
    ensure!(last["position"] == joined["position"] && last["body"] == "60", "the page ends with {last}");
    Ok(())
}

fn older(target: &Target) -> Result<()> {
    let room = target.room("older");
    let mut client = target.member("Ana", &room)?;
    fill(&mut client, &room, 50)?;
    client.hear(&room, "50")?;
    let joined = client.join(&room)?;
    ensure!(joined["older"] == false, "there are 50 messages, and older is {}", joined["older"]);
    client.say(&room, "51")?;
    client.hear(&room, "51")?;
    let joined = client.join(&room)?;
    ensure!(joined["older"] == true, "there are 51 messages, and older is {}", joined["older"]);
    Ok(())
}

fn events_follow(target: &Target) -> Result<()> {
    let room = target.room("events");
    let mut writer = target.other_guest("Ana")?;
    fill(&mut writer, &room, 5)?;
    let mut reader = target.guest("Ben")?;
    let joined = reader.join(&room)?;
    fill(&mut writer, &room, 20)?;
    let mut seen = messages(&joined)?.clone();
    for _ in 0..20 {
        seen.push(reader.message(&room)?);
    }
    ensure!(seen[5]["prev"] == joined["position"], "{} does not follow {}", seen[5], joined["position"]);
    chained(&seen)
}

fn one_order(target: &Target) -> Result<()> {
    const EACH: usize = 30;
    let room = target.room("order");
    let (mut one, mut two) = (target.member("Ana", &room)?, target.other_guest("Ben")?);
    two.join(&room)?;
    for number in 0..EACH {
        for client in [&mut one, &mut two] {
            client.tell("send", json!({"room": room, "nonce": nonce(), "body": number.to_string()}))?;
        }
    }
    let positions = |client: &mut Client| -> Result<Vec<Value>> {
        (0..2 * EACH).map(|_| Ok(client.message(&room)?["position"].clone())).collect()
    };
    let (one, two) = (positions(&mut one)?, positions(&mut two)?);
    ensure!(one == two, "two members saw two orders");
    Ok(())
}

fn join_twice(target: &Target) -> Result<()> {
    let room = target.room("twice");
    let mut client = target.member("Ana", &room)?;
    client.say(&room, "first")?;
    client.hear(&room, "first")?;
    let again = client.join(&room)?;
    ensure!(bodies(&again)? == ["first"], "{again}");
    client.say(&room, "second")?;
    let second = client.hear(&room, "second")?;
    client.settle()?;
    let twice = client.kept(|frame| frame["position"] == second["position"]);
    ensure!(!twice, "a member that joined twice gets its messages twice");
    Ok(())
}

fn leave(target: &Target) -> Result<()> {
    let room = target.room("leave");
    let mut client = target.member("Ana", &room)?;
    for _ in 0..2 {
        let left = client.ask("leave", json!({"room": room}), "left")?;
        ensure!(left["room"] == room.as_str(), "{left}");
    }
    Ok(())
}

fn nothing_after_leave(target: &Target) -> Result<()> {
    let (room, other) = (target.room("left"), target.room("stayed"));
    let mut client = target.member("Ana", &room)?;
    client.join(&other)?;
    client.ask("leave", json!({"room": room}), "left")?;
    let mut writer = target.guest("Ben")?;
    writer.say(&room, "unheard")?;
    writer.say(&other, "heard")?;
    client.message(&other)?;
    ensure!(!client.kept(|frame| frame["body"] == "unheard"), "a message came after leave");
    Ok(())
}

fn members_only(target: &Target) -> Result<()> {
    let (room, other) = (target.room("mine"), target.room("theirs"));
    let mut client = target.member("Ana", &room)?;
    let mut writer = target.guest("Ben")?;
    writer.say(&other, "unheard")?;
    writer.say(&room, "heard")?;
    client.message(&room)?;
    ensure!(!client.kept(|frame| frame["type"] == "message"), "a message of another room came");
    Ok(())
}
