#[cfg(not(target_arch = "wasm32"))]
mod any_order;
mod reactions;
mod window;

use shared::{
    entry::Entries,
    event::{Joined, Page},
    person::SenderKind,
    text::{Name, Room},
};

use super::{
    rows::{Row, RowKey},
    *,
};
use crate::time::Day;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

fn position(n: u64) -> Position {
    Position::parse(&n.to_string()).unwrap()
}

fn nonce(text: &str) -> Nonce {
    Nonce::parse(text).unwrap()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn sender(name: &str) -> Sender {
    Sender { id: user(name), name: Name::parse(name).unwrap(), kind: SenderKind::Guest }
}

/// The `n`th message, said by `name` at a time in milliseconds.
fn said(n: u64, name: &str, at: u64) -> Message {
    Message {
        position: position(n),
        prev: position(n - 1),
        n,
        at,
        sender: sender(name),
        nonce: nonce(&format!("n{n}")),
        body: Body::parse(&n.to_string()).unwrap(),
    }
}

/// Messages of bo, an hour apart within one day where that is possible, so that none continues another.
fn run(range: std::ops::RangeInclusive<u64>) -> Vec<Message> {
    range.map(|n| said(n, if n % 2 == 0 { "bo" } else { "cy" }, n * 1000)).collect()
}

fn joined(entries: impl Into<Entries>, position: Position, recovered: bool, older: bool) -> Joined {
    let room = Room::parse("r").unwrap();
    let entries = entries.into();
    Joined { room, position, recovered, entries, older, here: 1, people: Vec::new() }
}

fn page(entries: impl Into<Entries>, older: bool, newer: bool, found: bool) -> Page {
    Page { room: Room::parse("r").unwrap(), entries: entries.into(), older, newer, found }
}

/// A timeline that entered a room whose newest page is this.
fn entered(range: std::ops::RangeInclusive<u64>) -> Timeline {
    let mut timeline = Timeline::default();
    let (first, last) = (*range.start(), *range.end());
    timeline.joined(joined(run(range), position(last), false, first > 1), Some(&user("ana")));
    timeline
}

fn rows(timeline: &Timeline) -> Vec<(RowKey, Row)> {
    timeline.rows(Some(&user("ana")), |at| Day::of(at, 0))
}

/// The rows in short: `bo 3`, `+bo 4` when it continues, `day 0`, `since`, `lost`, `hole`, `ana 5 Sending`.
fn drawn(timeline: &Timeline) -> Vec<String> {
    let short = |row: Row| match row {
        Row::Day(day) => format!("day {}", day.0),
        Row::Since { .. } => "since".to_owned(),
        Row::Break(Break::Lost) => "lost".to_owned(),
        Row::Break(Break::NotRecovered) => "hole".to_owned(),
        Row::Message(row) => {
            let state =
                if row.state == Delivery::Stored { String::new() } else { format!(" {:?}", row.state) };
            format!("{}{} {}{state}", if row.cont { "+" } else { "" }, row.sender.name, row.body)
        }
    };
    rows(timeline).into_iter().map(|(_, row)| short(row)).collect()
}

/// The bodies of the messages drawn, as `1..5 8`, with breaks between.
fn span(timeline: &Timeline) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (_, row) in rows(timeline) {
        let text = match row {
            Row::Message(row) => row.body.to_string(),
            Row::Break(Break::Lost) => "lost".to_owned(),
            Row::Break(Break::NotRecovered) => "hole".to_owned(),
            Row::Day(_) | Row::Since { .. } => continue,
        };
        let follows = |last: &str| {
            let number: Option<u64> = last.parse().ok();
            number.is_some_and(|last| text.parse() == Ok(last + 1))
        };
        match parts.last_mut() {
            Some((_, last)) if follows(last) => *last = text,
            _ => parts.push((text.clone(), text)),
        }
    }
    let text = |(first, last): &(String, String)| {
        if first == last { first.clone() } else { format!("{first}..{last}") }
    };
    parts.iter().map(text).collect::<Vec<_>>().join(" ")
}

fn key_of(timeline: &Timeline, body: &str) -> RowKey {
    let is = |row: &Row| matches!(row, Row::Message(row) if row.body.as_str() == body);
    rows(timeline).into_iter().find(|(_, row)| is(row)).unwrap().0
}

fn write(timeline: &mut Timeline, name: &str) {
    let body = Body::parse(name).unwrap();
    timeline.write(nonce(name), body, 500_000, sender("ana"), Delivery::Sending);
}

fn arrive(timeline: &mut Timeline, message: Message) -> Arrival {
    timeline.arrived(message.into(), Some(&user("ana")), true)
}

/// The event of a message that this page wrote under `name`.
fn own(n: u64, name: &str) -> Message {
    Message { nonce: nonce(name), body: Body::parse(name).unwrap(), ..said(n, "ana", n * 1000) }
}

#[test]
fn groups_and_day_lines() {
    let day = 24 * HOUR;
    for (what, messages, expected) in [
        ("same person", vec![("bo", 0), ("bo", 5 * MINUTE)], vec!["day 0", "bo 1", "+bo 2"]),
        ("pause", vec![("bo", 0), ("bo", 5 * MINUTE + 1)], vec!["day 0", "bo 1", "bo 2"]),
        (
            "pauses count between neighbours",
            vec![("bo", 0), ("bo", 4 * MINUTE), ("bo", 8 * MINUTE)],
            vec!["day 0", "bo 1", "+bo 2", "+bo 3"],
        ),
        ("other person", vec![("bo", 0), ("cy", 0), ("bo", 0)], vec!["day 0", "bo 1", "cy 2", "bo 3"]),
        ("midnight", vec![("bo", day - 1), ("bo", day)], vec!["day 0", "bo 1", "day 1", "bo 2"]),
        ("a clock that is behind", vec![("bo", MINUTE), ("bo", 0)], vec!["day 0", "bo 1", "+bo 2"]),
        (
            "clocks on both sides of midnight",
            vec![("bo", day), ("cy", day - 1), ("bo", day)],
            vec!["day 1", "bo 1", "day 0", "cy 2", "day 1", "bo 3"],
        ),
    ] {
        let mut timeline = Timeline::default();
        let messages: Vec<_> =
            messages.into_iter().zip(1..).map(|((name, at), n)| said(n, name, at)).collect();
        let last = messages.last().unwrap().position.clone();
        timeline.joined(joined(messages, last, false, false), None);
        assert_eq!(drawn(&timeline), expected, "{what}");
        let mut keys: Vec<_> = rows(&timeline).into_iter().map(|(key, _)| key).collect();
        keys.sort_by_key(|key| format!("{key:?}"));
        keys.dedup();
        assert_eq!(keys.len(), expected.len(), "{what}: keys differ");
    }
}

#[test]
fn a_new_name_starts_a_new_group() {
    let mut timeline = entered(1..=1);
    let mut renamed = said(2, "cy", 1000);
    renamed.sender.name = Name::parse("Cyn").unwrap();
    arrive(&mut timeline, renamed);
    assert_eq!(drawn(&timeline), ["day 0", "cy 1", "Cyn 2"]);
}

#[test]
fn events_are_taken_once_and_never_over_a_hole() {
    let mut timeline = entered(1..=3);
    for (n, expected) in [
        (4, Arrival::New),
        (4, Arrival::Known),
        (2, Arrival::Known),
        (6, Arrival::Gap),
        (5, Arrival::New),
        (6, Arrival::New),
    ] {
        assert_eq!(arrive(&mut timeline, said(n, "bo", n * 1000)), expected, "{n}");
    }
    assert_eq!(span(&timeline), "1..6");
    assert_eq!(timeline.head(), Some(&position(6)));
    let mut not_entered = Timeline::default();
    assert_eq!(arrive(&mut not_entered, said(1, "bo", 0)), Arrival::Known);
    assert!(not_entered.is_empty());
}

#[test]
fn only_what_arrives_is_fresh() {
    let mut timeline = entered(1..=1);
    arrive(&mut timeline, said(2, "bo", 0));
    let fresh = |timeline: &Timeline| -> Vec<bool> {
        let flag = |row| matches!(row, Row::Message(row) if row.fresh);
        rows(timeline).into_iter().map(|(_, row)| flag(row)).collect()
    };
    assert_eq!(fresh(&timeline), [false, false, true]);
    timeline.rest();
    assert_eq!(fresh(&timeline), [false, false, false]);
}

#[test]
fn own_messages_keep_their_row_through_ack_and_event_in_either_order() {
    for ack_first in [true, false] {
        let mut timeline = entered(1..=2);
        write(&mut timeline, "hello");
        write(&mut timeline, "again");
        assert_eq!(drawn(&timeline), ["day 0", "cy 1", "bo 2", "ana hello Sending", "+ana again Sending"]);
        let keys = (key_of(&timeline, "hello"), key_of(&timeline, "again"));
        // A message of somebody else comes between.
        arrive(&mut timeline, said(3, "cy", 3000));
        if ack_first {
            timeline.stored(&nonce("hello"), position(4));
            assert_eq!(drawn(&timeline)[4..], ["ana hello", "+ana again Sending"]);
            assert_eq!(key_of(&timeline, "hello"), keys.0);
        }
        assert_eq!(arrive(&mut timeline, own(4, "hello")), Arrival::New);
        timeline.stored(&nonce("hello"), position(4));
        assert_eq!(drawn(&timeline)[3..], ["cy 3", "ana hello", "ana again Sending"]);
        assert_eq!((key_of(&timeline, "hello"), key_of(&timeline, "again")), keys);
    }
}

#[test]
fn a_foreign_message_with_the_same_nonce_is_not_mistaken_for_an_own_one() {
    let mut timeline = entered(1..=1);
    write(&mut timeline, "x");
    arrive(&mut timeline, Message { nonce: nonce("x"), ..said(2, "bo", 2000) });
    assert_eq!(drawn(&timeline), ["day 0", "cy 1", "bo 2", "ana x Sending"]);
}

#[test]
fn states_of_own_messages() {
    let mut timeline = entered(1..=1);
    write(&mut timeline, "x");
    write(&mut timeline, "x");
    for (state, text) in [
        (Delivery::Queued, "ana x Queued"),
        (Delivery::Failed(shared::error::ErrorCode::NotAllowed), "ana x Failed(NotAllowed)"),
        (Delivery::Unsure, "ana x Unsure"),
    ] {
        timeline.set_state(&nonce("x"), state);
        assert_eq!(drawn(&timeline), ["day 0", "cy 1", text]);
    }
    timeline.forget(&nonce("x"));
    assert_eq!(drawn(&timeline), ["day 0", "cy 1"]);
}

#[test]
fn answers_to_a_rejoin() {
    struct Case {
        what: &'static str,
        recovered: bool,
        messages: Vec<Message>,
        position: u64,
        shown: &'static str,
    }
    for case in [
        Case { what: "nothing missed", recovered: true, messages: vec![], position: 5, shown: "1..5" },
        Case { what: "two missed", recovered: true, messages: run(6..=7), position: 7, shown: "1..7" },
        Case {
            what: "two missed, one of them seen",
            recovered: true,
            messages: run(5..=6),
            position: 6,
            shown: "1..6",
        },
        Case {
            what: "too many",
            recovered: false,
            messages: run(8..=9),
            position: 9,
            shown: "1..5 hole 8..9",
        },
        Case {
            what: "no hole after all: overlap",
            recovered: false,
            messages: run(4..=9),
            position: 9,
            shown: "1..9",
        },
        Case {
            what: "no hole after all: it touches",
            recovered: false,
            messages: run(6..=9),
            position: 9,
            shown: "1..9",
        },
        Case {
            what: "the newest are gone, others came",
            recovered: false,
            messages: vec![said(3, "cy", 3000), Message { prev: position(3), ..said(40, "bo", 40_000) }],
            position: 40,
            shown: "1..5 lost 40",
        },
        Case { what: "all is gone", recovered: false, messages: vec![], position: 0, shown: "1..5 lost" },
    ] {
        let mut timeline = entered(1..=5);
        timeline
            .joined(joined(case.messages, position(case.position), case.recovered, true), Some(&user("ana")));
        assert_eq!(span(&timeline), case.shown, "{}", case.what);
        assert_eq!(timeline.head(), Some(&position(case.position)), "{}", case.what);
        let next = Message { prev: position(case.position), ..said(100, "bo", 100_000) };
        assert_eq!(arrive(&mut timeline, next), Arrival::New, "{}", case.what);
    }
}

#[test]
fn a_resume_confirms_own_messages_and_forgets_those_that_are_stored_elsewhere() {
    let mut timeline = entered(1..=2);
    write(&mut timeline, "a");
    write(&mut timeline, "b");
    let key = key_of(&timeline, "a");
    timeline.joined(joined(vec![own(3, "a")], position(3), true, true), Some(&user("ana")));
    assert_eq!(drawn(&timeline)[3..], ["ana a", "ana b Sending"]);
    assert_eq!(key_of(&timeline, "a"), key);
    timeline.stored(&nonce("b"), position(4));
    timeline.joined(joined(run(90..=91), position(91), false, true), Some(&user("ana")));
    assert_eq!(span(&timeline), "1..2 a hole 90..91");
}

#[test]
fn a_lost_run_is_a_line_and_the_room_goes_on_from_before_it() {
    let mut timeline = entered(1..=5);
    timeline.lost(position(3));
    timeline.lost(position(3));
    let next = Message { prev: position(3), ..said(9, "bo", 9000) };
    assert_eq!(arrive(&mut timeline, next), Arrival::New);
    assert_eq!(span(&timeline), "1..5 lost 9");
}

#[test]
fn the_since_line_stands_above_the_first_unread_message_of_others_and_splits_groups() {
    let me = user("ana");
    let four = || {
        let mut timeline = Timeline::default();
        let messages = vec![said(1, "bo", 0), said(2, "ana", 0), said(3, "bo", 0), said(4, "bo", 0)];
        timeline.joined(joined(messages, position(4), false, false), Some(&me));
        timeline
    };
    for (read, expected) in [
        (Some(1), vec!["day 0", "bo 1", "ana 2", "since", "bo 3", "+bo 4"]),
        (Some(3), vec!["day 0", "bo 1", "ana 2", "bo 3", "since", "bo 4"]),
        (Some(4), vec!["day 0", "bo 1", "ana 2", "bo 3", "+bo 4"]),
        (Some(99), vec!["day 0", "since", "bo 1", "ana 2", "bo 3", "+bo 4"]),
        (None, vec!["day 0", "since", "bo 1", "ana 2", "bo 3", "+bo 4"]),
    ] {
        let mut timeline = four();
        let read = read.map(position);
        timeline.mark_since(read.as_ref(), Some(&me));
        assert_eq!(drawn(&timeline), expected, "{read:?}");
    }
    for (read, unread) in [(Some(1), 2), (Some(3), 1), (Some(4), 0), (Some(99), 3), (None, 3)] {
        assert_eq!(four().unread_after(read.map(position).as_ref(), Some(&me)), unread, "{read:?}");
    }
    let mut timeline = four();
    timeline.mark_since(Some(&position(1)), Some(&me));
    timeline.mark_since(Some(&position(3)), Some(&me));
    assert_eq!(drawn(&timeline)[3], "since", "it stays where it is");
    assert!(timeline.clear_since());
    assert!(!timeline.clear_since());
    assert!(!timeline.has_since());
}
