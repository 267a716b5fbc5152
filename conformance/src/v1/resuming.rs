//! `join` with `since`.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{Cases, bodies, chained, joining::fill, messages};
use crate::{Target, client::Client};

pub(super) const CASES: Cases = &[
    ("since brings exactly what came after it, on any node", what_was_missed),
    ("since the last position brings nothing", nothing_missed),
    ("since 0 brings everything from the first message on", from_the_start),
    ("since 0 in an empty room is recovered", empty_from_the_start),
    ("an unknown since is not recovered and brings the newest page", unknown_since),
    ("500 messages are recovered, 501 are not", most_recovered),
    ("after resuming, events go on from position", goes_on),
];

fn since(client: &mut Client, room: &str, position: &Value) -> Result<Value> {
    client.ask("join", json!({"room": room, "since": position}), "joined")
}

fn what_was_missed(target: &Target) -> Result<()> {
    let room = target.room("missed");
    let mut writer = target.guest("Ana")?;
    fill(&mut writer, &room, 3)?;
    let (mut here, mut there) = (target.guest("Ben")?, target.other_guest("Cid")?);
    let seen = here.join(&room)?["position"].clone();
    there.join(&room)?;
    fill(&mut writer, &room, 4)?;
    there.hear(&room, "4")?;
    let joined = since(&mut there, &room, &seen)?;
    ensure!(joined["recovered"] == true && bodies(&joined)? == ["1", "2", "3", "4"], "{joined}");
    ensure!(messages(&joined)?[0]["prev"] == seen, "the first one does not follow {seen}");
    ensure!(joined["older"] == true, "there are older messages: {joined}");
    chained(messages(&joined)?)
}

fn nothing_missed(target: &Target) -> Result<()> {
    let room = target.room("nothing");
    let mut writer = target.guest("Ana")?;
    let last = writer.say(&room, "last")?["position"].clone();
    let joined = since(&mut target.other_guest("Ben")?, &room, &last)?;
    ensure!(joined["recovered"] == true && messages(&joined)?.is_empty(), "{joined}");
    ensure!(joined["position"] == last, "{joined} does not stand at {last}");
    Ok(())
}

fn from_the_start(target: &Target) -> Result<()> {
    let room = target.room("start");
    fill(&mut target.guest("Ana")?, &room, 60)?;
    let joined = since(&mut target.other_guest("Ben")?, &room, &"0".into())?;
    ensure!(
        joined["recovered"] == true && messages(&joined)?.len() == 60,
        "{} came",
        messages(&joined)?.len()
    );
    ensure!(joined["older"] == false, "the first message is there, and older is {}", joined["older"]);
    chained(messages(&joined)?)
}

fn empty_from_the_start(target: &Target) -> Result<()> {
    let joined = since(&mut target.guest("Ana")?, &target.room("blank"), &"0".into())?;
    ensure!(joined["recovered"] == true && joined["position"] == "0", "{joined}");
    Ok(())
}

fn unknown_since(target: &Target) -> Result<()> {
    let room = target.room("unknown");
    let mut client = target.guest("Ana")?;
    client.say(&room, "newest")?;
    // Formed like a position, of a time when there was no such room.
    let joined = since(&mut client, &room, &"1000000000000-0.abcd".into())?;
    ensure!(joined["recovered"] == false && bodies(&joined)? == ["newest"], "{joined}");
    Ok(())
}

fn most_recovered(target: &Target) -> Result<()> {
    let room = target.room("most");
    let mut writer = target.guest("Ana")?;
    fill(&mut writer, &room, 500)?;
    let mut reader = target.other_guest("Ben")?;
    let all = since(&mut reader, &room, &"0".into())?;
    ensure!(all["recovered"] == true, "500 messages were not recovered");
    ensure!(messages(&all)?.len() == 500, "{} messages came", messages(&all)?.len());
    writer.say(&room, "501")?;
    reader.hear(&room, "501")?;
    let page = since(&mut reader, &room, &"0".into())?;
    ensure!(page["recovered"] == false && messages(&page)?.len() <= 50, "501 messages were recovered");
    Ok(())
}

fn goes_on(target: &Target) -> Result<()> {
    let room = target.room("goes on");
    let mut writer = target.guest("Ana")?;
    let seen = writer.say(&room, "seen")?["position"].clone();
    writer.say(&room, "missed")?;
    let mut reader = target.other_guest("Ben")?;
    let joined = since(&mut reader, &room, &seen)?;
    writer.say(&room, "live")?;
    let live = reader.message(&room)?;
    ensure!(live["body"] == "live" && live["prev"] == joined["position"], "{live} after {joined}");
    Ok(())
}
