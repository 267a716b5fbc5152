//! Pages of the history.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Cases, bodies, chained, joining::fill, messages};
use crate::{Target, client::Client};

pub(super) const CASES: Cases = &[
    ("before brings what stands before a position", before),
    ("after brings what stands after a position", after),
    ("around brings the message itself and both sides", around),
    ("limit bounds a page", limit),
    ("a limit of 0 is moved to 1", least_limit),
    ("of several anchors the first of before, after, around counts", first_anchor),
    ("a page has at most 100 messages, 50 unless asked", longest_page),
    ("paging backwards by before reads the whole history without a gap", whole_history),
    ("older and newer say where there is more", ends),
    ("before 0 there is nothing, and it is found", before_the_start),
    ("after 0 and around 0 are the first messages", at_the_start),
    ("an unknown position is not found and brings the newest messages", not_found),
    ("a room without messages has an empty page", empty),
];

/// A room with messages `1` to `count`, a client, and the messages as its `join` showed them.
fn filled(target: &Target, name: &str, count: usize) -> Result<(Client, String, Vec<Value>)> {
    let room = target.room(name);
    fill(&mut target.guest("Ana")?, &room, count)?;
    let mut client = target.other_guest("Ben")?;
    let joined = client.ask("join", json!({"room": room, "since": "0"}), "joined")?;
    let all = messages(&joined)?.clone();
    ensure!(all.len() == count, "{} of {count} messages came", all.len());
    Ok((client, room, all))
}

fn page(client: &mut Client, fields: Value) -> Result<Value> {
    let page = client.ask("history", fields, "page")?;
    chained(messages(&page)?)?;
    Ok(page)
}

fn before(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "before", 6)?;
    let page = page(&mut client, json!({"room": room, "before": all[4]["position"]}))?;
    ensure!(bodies(&page)? == ["1", "2", "3", "4"] && page["found"] == true, "{page}");
    ensure!(page["room"] == room.as_str() && page["older"] == false && page["newer"] == true, "{page}");
    Ok(())
}

fn after(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "after", 6)?;
    let page = page(&mut client, json!({"room": room, "after": all[2]["position"]}))?;
    ensure!(bodies(&page)? == ["4", "5", "6"] && page["found"] == true && page["newer"] == false, "{page}");
    Ok(())
}

fn around(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "around", 9)?;
    let page = page(&mut client, json!({"room": room, "around": all[4]["position"], "limit": 5}))?;
    let bodies = bodies(&page)?;
    ensure!(page["found"] == true && bodies.len() <= 5, "{page}");
    ensure!(bodies.contains(&"5") && bodies.contains(&"4") && bodies.contains(&"6"), "{bodies:?}");
    Ok(())
}

fn limit(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "limit", 6)?;
    let page = page(&mut client, json!({"room": room, "before": all[5]["position"], "limit": 2}))?;
    ensure!(bodies(&page)? == ["4", "5"] && page["older"] == true, "{page}");
    Ok(())
}

fn least_limit(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "least", 3)?;
    let page = page(&mut client, json!({"room": room, "before": all[2]["position"], "limit": 0}))?;
    ensure!(bodies(&page)? == ["2"], "{page}");
    Ok(())
}

fn first_anchor(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "anchors", 3)?;
    let (second, third) = (&all[1]["position"], &all[2]["position"]);
    let page = page(&mut client, json!({"room": room, "around": third, "after": third, "before": second}))?;
    ensure!(bodies(&page)? == ["1"], "{page}");
    Ok(())
}

fn longest_page(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "long", 130)?;
    let last = &all[129]["position"];
    let usual = page(&mut client, json!({"room": room, "before": last}))?;
    ensure!(messages(&usual)?.len() == 50, "{} without a limit", messages(&usual)?.len());
    let longest = page(&mut client, json!({"room": room, "before": last, "limit": 1000}))?;
    ensure!(messages(&longest)?.len() == 100, "{} with a limit of 1000", messages(&longest)?.len());
    Ok(())
}

fn whole_history(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "whole", 120)?;
    let mut read = vec![all[119].clone()];
    for _ in 0..all.len() {
        let first = read[0]["position"].clone();
        let page = page(&mut client, json!({"room": room, "before": first, "limit": 17}))?;
        ensure!(page["found"] == true, "{first} was not found");
        read.splice(0..0, messages(&page)?.iter().cloned());
        if page["older"] == false {
            ensure!(read == all, "the history differs from what join showed");
            return chained(&read);
        }
    }
    anyhow::bail!("older never became false")
}

fn ends(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "ends", 5)?;
    let first = page(&mut client, json!({"room": room, "before": all[0]["position"]}))?;
    ensure!(messages(&first)?.is_empty() && first["older"] == false && first["newer"] == true, "{first}");
    let last = page(&mut client, json!({"room": room, "after": all[4]["position"]}))?;
    ensure!(messages(&last)?.is_empty() && last["newer"] == false && last["older"] == true, "{last}");
    Ok(())
}

fn before_the_start(target: &Target) -> Result<()> {
    let (mut client, room, _) = filled(target, "before the start", 3)?;
    let page = page(&mut client, json!({"room": room, "before": "0"}))?;
    ensure!(page["found"] == true && messages(&page)?.is_empty() && page["older"] == false, "{page}");
    Ok(())
}

fn at_the_start(target: &Target) -> Result<()> {
    let (mut client, room, _) = filled(target, "at the start", 3)?;
    for field in ["after", "around"] {
        let page = page(&mut client, json!({"room": room, field: "0"}))?;
        ensure!(page["found"] == true && bodies(&page)? == ["1", "2", "3"], "{field} 0: {page}");
    }
    Ok(())
}

fn not_found(target: &Target) -> Result<()> {
    let (mut client, room, all) = filled(target, "not found", 3)?;
    let page = page(&mut client, json!({"room": room, "before": "1000000000000-0.abcd"}))?;
    ensure!(page["found"] == false, "{page}");
    let newest = messages(&page)?.last().context("no message")?;
    ensure!(newest["position"] == all[2]["position"], "the page ends with {newest}");
    Ok(())
}

fn empty(target: &Target) -> Result<()> {
    let room = target.room("no messages");
    let page = page(&mut target.guest("Ana")?, json!({"room": room, "after": "0"}))?;
    ensure!(messages(&page)?.is_empty() && page["older"] == false && page["newer"] == false, "{page}");
    Ok(())
}
