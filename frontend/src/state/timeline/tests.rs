use shared::{
    event::{Joined, Page},
    message::SenderKind,
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

fn joined(messages: Vec<Message>, position: Position, recovered: bool, older: bool) -> Joined {
    let room = Room::parse("r").unwrap();
    Joined { room, position, recovered, messages, older, here: 1, people: Vec::new() }
}

fn page(messages: Vec<Message>, older: bool, newer: bool, found: bool) -> Page {
    Page { room: Room::parse("r").unwrap(), messages, older, newer, found }
}

/// A timeline that entered a room whose newest page is this.
fn entered(range: std::ops::RangeInclusive<u64>) -> Timeline {
    let mut timeline = Timeline::default();
    let (first, last) = (*range.start(), *range.end());
    timeline.joined(joined(run(range), position(last), false, first > 1), Some(&user("ana")));
    timeline
}

fn rows(timeline: &Timeline) -> Vec<(RowKey, Row)> {
    timeline.rows(Some(&user("ana")), |at| Day::with_offset(at, 0))
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
    timeline.arrived(message, Some(&user("ana")), true)
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

#[test]
fn the_window_is_cut_at_the_beginning_while_the_reader_is_at_the_end() {
    let mut timeline = entered(1..=10);
    timeline.set_at_end(true);
    for n in 11..=320 {
        arrive(&mut timeline, said(n, "bo", n * 1000));
    }
    assert_eq!(span(&timeline), "1..320");
    assert!(!timeline.has_older());
    arrive(&mut timeline, said(321, "bo", 321_000));
    assert_eq!(span(&timeline), "22..321");
    assert!(timeline.has_older());
    assert!(!timeline.has_newer());
    timeline.rest();
    assert_eq!(span(&timeline), "222..321");
}

#[test]
fn what_is_being_read_is_never_taken_away() {
    let mut timeline = entered(1..=10);
    timeline.set_at_end(false);
    for n in 11..=500 {
        assert_eq!(arrive(&mut timeline, said(n, "bo", n * 1000)), Arrival::New);
    }
    assert_eq!(span(&timeline), "1..320");
    assert!(timeline.has_newer());
    assert_eq!(timeline.head(), Some(&position(500)));
    timeline.rest();
    assert_eq!(span(&timeline), "1..320");
    write(&mut timeline, "mine");
    assert_eq!(span(&timeline), "1..320", "an own message stands below the newest");
    assert!(timeline.jump_to_newest());
    assert_eq!(span(&timeline), "401..500 mine");
    assert!(timeline.has_older());
    assert!(!timeline.jump_to_newest());
}

#[test]
fn scrolling_up_and_down_through_ten_thousand_messages() {
    let mut timeline = entered(9951..=10_000);
    let keys_of =
        |timeline: &Timeline| -> Vec<RowKey> { rows(timeline).into_iter().map(|(key, _)| key).collect() };
    while timeline.has_older() {
        let anchor = timeline.oldest().unwrap().clone();
        let first: u64 = anchor.as_str().parse().unwrap();
        let start = first.saturating_sub(50).max(1);
        let before = keys_of(&timeline);
        timeline.older_page(page(run(start..=first - 1), start > 1, true, true), &anchor, None);
        let after = keys_of(&timeline);
        assert!(after.len() <= WINDOW + SLACK + 1);
        assert_eq!(timeline.oldest(), Some(&position(start)));
        assert!(
            before.iter().take(200).filter(|key| after.contains(key)).count() >= before.len().min(200) - 1
        );
    }
    assert!(timeline.has_newer());
    assert_eq!(timeline.oldest(), Some(&position(1)));
    // Meanwhile people go on talking.
    for n in 10_001..=10_050 {
        arrive(&mut timeline, said(n, "bo", n * 1000));
    }
    while timeline.has_newer() {
        if timeline.newer_from_tail() {
            break;
        }
        let anchor = timeline.newest().unwrap().clone();
        let last: u64 = anchor.as_str().parse().unwrap();
        let end = (last + 50).min(10_050);
        timeline.newer_page(page(run(last + 1..=end), true, end < 10_050, true), &anchor, None);
        assert!(rows(&timeline).len() <= WINDOW + SLACK + 1);
    }
    assert_eq!(timeline.newest(), Some(&position(10_050)));
    let shown = span(&timeline);
    assert!(!shown.contains(' '), "one run without a hole: {shown}");
    assert!(timeline.has_older());
}

#[test]
fn pages_that_come_too_late_or_find_nothing() {
    let mut timeline = entered(51..=60);
    timeline.older_page(page(run(1..=10), false, true, true), &position(11), None);
    assert_eq!(span(&timeline), "51..60", "asked for another window");
    timeline.newer_page(page(run(61..=70), true, false, true), &position(60), None);
    assert_eq!(span(&timeline), "51..60", "the window reaches the newest");
    timeline.older_page(page(run(41..=50), true, true, false), &position(51), None);
    assert_eq!(span(&timeline), "51..60", "what is asked for is gone");
    assert!(!timeline.has_older());
}

#[test]
fn jumping_into_the_history_and_back() {
    let mut timeline = entered(951..=1000);
    timeline.around_page(page(run(101..=150), true, true, true), None);
    assert_eq!(span(&timeline), "101..150");
    assert!(timeline.has_older() && timeline.has_newer());
    assert!(!timeline.newer_from_tail());
    arrive(&mut timeline, said(1001, "cy", 0));
    timeline.around_page(page(run(930..=960), true, true, true), None);
    assert_eq!(span(&timeline), "930..1001", "it overlaps with the newest");
    assert!(!timeline.has_newer());
    timeline.around_page(page(run(101..=150), true, true, true), None);
    timeline.jump_to_newest();
    assert_eq!(span(&timeline), "930..1001");
}

#[test]
fn a_position_that_is_gone_while_scrolling_down_is_a_break() {
    let mut timeline = entered(951..=1000);
    timeline.around_page(page(run(101..=150), true, true, true), None);
    timeline.newer_page(page(run(951..=1000), true, false, false), &position(150), None);
    assert_eq!(span(&timeline), "101..150 lost 951..1000");
    assert!(!timeline.has_newer());
}

#[test]
fn a_break_heals_when_the_history_above_it_is_loaded() {
    let mut timeline = entered(1..=2);
    timeline.set_at_end(true);
    timeline.joined(joined(run(10..=330), position(330), false, true), None);
    // The break has become the first row or was cut; either way the page before it fits.
    let anchor = timeline.oldest().unwrap().clone();
    let first: u64 = anchor.as_str().parse().unwrap();
    timeline.older_page(page(run(1..=first - 1), false, true, true), &anchor, None);
    let shown = span(&timeline);
    assert!(shown.starts_with("1..") && !shown.contains("hole"), "{shown}");
}

#[test]
fn a_resume_while_reading_old_messages_goes_on_in_the_tail() {
    let mut timeline = entered(951..=1000);
    timeline.around_page(page(run(101..=150), true, true, true), None);
    timeline.joined(joined(run(1001..=1200), position(1200), true, true), None);
    assert_eq!(span(&timeline), "101..150");
    timeline.jump_to_newest();
    assert_eq!(span(&timeline), "1101..1200");
}
