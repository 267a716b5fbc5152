//! Who is in a room.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Cases;
use crate::{Target, client::Client};

pub(super) const CASES: Cases = &[
    ("joined counts and lists the people, on all nodes", people_are_listed),
    ("members hear who comes", who_comes),
    ("members hear who leaves", |target| {
        goes(target, |client, room| client.ask("leave", json!({"room": room}), "left").map(drop))
    }),
    ("members hear who disconnects", |target| goes(target, |client, _| client.close().map(drop))),
    ("a person with two connections counts once", counted_once),
    ("a person goes with the last connection only", last_connection),
];

fn listed(joined: &Value, client: &Client) -> bool {
    let person = |one: &Value| one["id"] == client.welcome["user"] && one["name"] == client.welcome["name"];
    joined["people"].as_array().is_some_and(|people| people.iter().any(person))
}

fn names(list: &Value, user: &Value) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|one| one == user || one["id"] == *user))
}

fn people_are_listed(target: &Target) -> Result<()> {
    let room = target.room("people");
    let mut one = target.guest("Ana")?;
    let alone = one.join(&room)?;
    ensure!(alone["here"] == 1 && listed(&alone, &one), "{alone}");
    let mut two = target.other_guest("Ben")?;
    two.join(&room)?;
    let user = two.welcome["user"].clone();
    one.find(|frame| frame["type"] == "presence" && frame["here"] == 2 && names(&frame["came"], &user))?;
    let both = one.join(&room)?;
    ensure!(both["here"] == 2 && listed(&both, &one) && listed(&both, &two), "{both}");
    Ok(())
}

fn who_comes(target: &Target) -> Result<()> {
    let room = target.room("comes");
    let mut watcher = target.member("Ben", &room)?;
    let mut client = target.other_guest("Ana")?;
    client.join(&room)?;
    let came = json!({"id": client.welcome["user"], "name": "Ana"});
    let told = watcher.find(|frame| {
        frame["type"] == "presence" && frame["came"].as_array().is_some_and(|list| list.contains(&came))
    })?;
    ensure!(told["room"] == room.as_str() && told["here"] == 2, "{told}");
    Ok(())
}

fn goes(target: &Target, leave: fn(&mut Client, &str) -> Result<()>) -> Result<()> {
    let room = target.room(&format!("goes {}", crate::client::nonce()));
    let mut watcher = target.member("Ben", &room)?;
    let mut client = target.other_guest("Ana")?;
    client.join(&room)?;
    let user = client.welcome["user"].clone();
    watcher.find(|frame| frame["type"] == "presence" && names(&frame["came"], &user))?;
    leave(&mut client, &room)?;
    let told = watcher.find(|frame| frame["type"] == "presence" && names(&frame["went"], &user))?;
    ensure!(told["here"] == 1, "{told}");
    Ok(())
}

fn counted_once(target: &Target) -> Result<()> {
    let room = target.room("once");
    let mut first = target.member("Ana", &room)?;
    let mut second = target.connect()?;
    second.hello_with("Ana", &first.welcome["token"])?;
    let joined = second.join(&room)?;
    ensure!(joined["here"] == 1, "one person with two connections: {joined}");
    first.settle()
}

fn last_connection(target: &Target) -> Result<()> {
    let room = target.room("last connection");
    let mut watcher = target.member("Ben", &room)?;
    let mut first = target.member("Ana", &room)?;
    let user = first.welcome["user"].clone();
    let mut second = target.connect()?;
    second.hello_with("Ana", &first.welcome["token"])?;
    second.join(&room)?;
    first.close()?;
    second.say(&room, "still here")?;
    watcher.message(&room)?;
    ensure!(!watcher.kept(|frame| names(&frame["went"], &user)), "went with the first of two connections");
    second.close()?;
    watcher.find(|frame| frame["type"] == "presence" && names(&frame["went"], &user)).map(drop)
}
