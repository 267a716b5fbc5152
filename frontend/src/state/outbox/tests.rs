use shared::error::ErrorCode;

use super::*;

const MINUTE: u64 = 60_000;

fn room(name: &str) -> Room {
    Room::parse(name).unwrap()
}

fn nonce(name: &str) -> Nonce {
    Nonce::parse(name).unwrap()
}

fn me() -> UserId {
    UserId::parse("ana").unwrap()
}

fn at(text: &str) -> Position {
    Position::parse(text).unwrap()
}

/// An outbox with messages in room `r`, written at time 0.
fn with(names: &[&str]) -> Outbox {
    let mut outbox = Outbox::default();
    for name in names {
        outbox.push(room("r"), nonce(name), Body::parse(name).unwrap(), 0);
    }
    outbox
}

fn enter(outbox: &mut Outbox, since: u64, now: u64) {
    outbox.entered(
        &room("r"),
        Some(&me()),
        now,
        &Seen { since, knows: |_: &Position| false, from_start: false },
    );
}

fn due(outbox: &mut Outbox, now: u64) -> Vec<String> {
    let due = outbox.due(&me(), now, |_| Some(at("7")));
    due.iter().map(|entry| entry.nonce.to_string()).collect()
}

fn deliveries(outbox: &Outbox) -> Vec<(String, Delivery)> {
    outbox.of(&room("r")).map(|(entry, delivery)| (entry.nonce.to_string(), delivery)).collect()
}

fn error(code: ErrorCode) -> ProtocolError {
    ProtocolError::new(code, "no")
}

/// What another page life finds in the storage.
fn reload(outbox: &Outbox) -> Outbox {
    let mut next = Outbox::default();
    next.adopt(Outbox::load(&outbox.save().unwrap_or_default()), 0);
    next
}

#[test]
fn messages_leave_in_order_one_at_a_time_and_only_from_an_entered_room() {
    let mut outbox = with(&["a", "b"]);
    outbox.push(room("s"), nonce("c"), Body::parse("c").unwrap(), 0);
    assert_eq!(due(&mut outbox, 1), [""; 0]);
    assert_eq!(deliveries(&outbox), [("a".into(), Delivery::Queued), ("b".into(), Delivery::Queued)]);
    enter(&mut outbox, 1, 1);
    assert_eq!(due(&mut outbox, 1), ["a"]);
    assert_eq!(due(&mut outbox, 2), [""; 0]);
    assert_eq!(deliveries(&outbox), [("a".into(), Delivery::Sending), ("b".into(), Delivery::Sending)]);
    outbox.strike(&nonce("a"));
    assert_eq!(due(&mut outbox, 3), ["b"]);
    assert_eq!(outbox.waiting(), 2);
    outbox.entered(
        &room("s"),
        Some(&me()),
        4,
        &Seen { since: 4, knows: |_: &Position| false, from_start: false },
    );
    assert_eq!(due(&mut outbox, 4), ["c"]);
}

#[test]
fn a_break_queues_what_was_on_its_way_and_the_resume_sends_it_again() {
    let mut outbox = with(&["a", "b"]);
    enter(&mut outbox, 1, 1);
    assert_eq!(due(&mut outbox, 1), ["a"]);
    outbox.cut(None);
    assert_eq!(deliveries(&outbox), [("a".into(), Delivery::Queued), ("b".into(), Delivery::Queued)]);
    assert_eq!(due(&mut outbox, 2), [""; 0]);
    enter(&mut outbox, 1, 3);
    assert_eq!(due(&mut outbox, 3), ["a"]);
}

#[test]
fn answers_decide_whether_to_try_again() {
    for &code in ErrorCode::ALL {
        let mut outbox = with(&["a", "b"]);
        enter(&mut outbox, 0, 0);
        due(&mut outbox, 0);
        outbox.refused(&nonce("a"), &error(code), 10, 0.0);
        match code.retry() {
            Retry::Never => {
                assert_eq!(deliveries(&outbox)[0].1, Delivery::Failed(code));
                assert_eq!(due(&mut outbox, 10), ["b"], "{code:?}: the next one need not wait");
            }
            Retry::SameNonce => {
                assert_eq!(deliveries(&outbox)[0].1, Delivery::Sending);
                assert_eq!(outbox.next_due(10), Some(510));
                assert_eq!(due(&mut outbox, 509), [""; 0], "{code:?}: the next one must not pass it");
                assert_eq!(due(&mut outbox, 510), ["a"]);
            }
        }
    }
}

#[test]
fn the_server_may_say_how_long_to_wait() {
    let mut outbox = with(&["a"]);
    enter(&mut outbox, 0, 0);
    due(&mut outbox, 0);
    let error = ProtocolError { retry_after_ms: Some(7000), ..error(ErrorCode::RateLimited) };
    outbox.refused(&nonce("a"), &error, 10, 0.0);
    assert_eq!(outbox.next_due(10), Some(7010));
}

#[test]
fn what_waits_survives_a_reload_with_all_that_matters() {
    let mut outbox = with(&["tried", "failed", "new"]);
    enter(&mut outbox, 0, 0);
    outbox.refused(&nonce("failed"), &error(ErrorCode::NotAllowed), 0, 0.0);
    due(&mut outbox, 5);
    let mut next = reload(&outbox);
    assert_eq!(
        deliveries(&next),
        [
            ("tried".into(), Delivery::Queued),
            ("failed".into(), Delivery::Failed(ErrorCode::NotAllowed)),
            ("new".into(), Delivery::Queued)
        ]
    );
    enter(&mut next, 6, 6);
    assert_eq!(due(&mut next, 6), ["tried"]);
    next.strike(&nonce("tried"));
    assert_eq!(due(&mut next, 6), ["new"]);
    assert!(Outbox::load("not json").is_empty());
    assert_eq!(
        Outbox::load(r#"[{"room":""},{"room":"r","nonce":"n","body":"b","at":1,"later":true}]"#).len(),
        1
    );
    assert_eq!(Outbox::default().save(), None);
}

/// Tried at minute 0 with the room at position 7, then a reload; what is done when the room is entered.
#[test]
fn old_tries_are_sent_again_only_when_they_cannot_be_there() {
    struct Case {
        what: &'static str,
        minutes: u64,
        since: u64,
        knows: bool,
        from_start: bool,
        by: &'static str,
        sent: bool,
    }
    let case = Case {
        what: "young: the nonce is recognised",
        minutes: 8,
        since: 8,
        knows: false,
        from_start: false,
        by: "ana",
        sent: true,
    };
    for case in [
        Case { what: "old", minutes: 9, since: 9, sent: false, ..case },
        Case { what: "very old", minutes: 9999, since: 9999, sent: false, ..case },
        Case {
            what: "old, the position before it is in the page",
            minutes: 20,
            since: 20,
            knows: true,
            ..case
        },
        Case {
            what: "old, the whole history is in the page",
            minutes: 20,
            since: 20,
            from_start: true,
            ..case
        },
        Case { what: "old, everything since was seen", minutes: 20, since: 0, ..case },
        Case { what: "young, by who I was before", by: "bo", sent: false, ..case },
        Case { what: "young, by who I was before, seen to be missing", by: "bo", knows: true, ..case },
        Case { ..case },
    ] {
        let mut outbox = with(&["a", "b"]);
        enter(&mut outbox, 0, 0);
        outbox.due(&UserId::parse(case.by).unwrap(), 0, |_| Some(at("7")));
        let mut outbox = reload(&outbox);
        let now = case.minutes * MINUTE;
        let knows = |position: &Position| case.knows && *position == at("7");
        let seen = &Seen { since: case.since * MINUTE, knows, from_start: case.from_start };
        outbox.entered(&room("r"), Some(&me()), now, seen);
        let (sent, state) = if case.sent { ("a", Delivery::Sending) } else { ("b", Delivery::Unsure) };
        assert_eq!(due(&mut outbox, now), [sent], "{}", case.what);
        assert_eq!(deliveries(&outbox)[0].1, state, "{}", case.what);
    }
}

#[test]
fn an_unanswered_message_does_not_grow_too_old_while_everything_is_seen() {
    let mut outbox = with(&["a"]);
    enter(&mut outbox, 0, 0);
    for minute in 0..30 {
        assert_eq!(due(&mut outbox, minute * MINUTE), ["a"]);
        outbox.refused(&nonce("a"), &error(ErrorCode::Timeout), minute * MINUTE, 0.0);
    }
    // A reload two minutes after the last try is still within its window.
    let mut next = reload(&outbox);
    enter(&mut next, 31 * MINUTE, 31 * MINUTE);
    assert_eq!(due(&mut next, 31 * MINUTE), ["a"]);
}

#[test]
fn a_retry_of_an_adopted_message_stops_when_its_window_ends() {
    let mut outbox = with(&["a"]);
    enter(&mut outbox, 0, 0);
    due(&mut outbox, 0);
    let mut next = reload(&outbox);
    enter(&mut next, 5 * MINUTE, 5 * MINUTE);
    assert_eq!(due(&mut next, 5 * MINUTE), ["a"]);
    next.refused(&nonce("a"), &error(ErrorCode::Timeout), 6 * MINUTE, 0.0);
    assert_eq!(due(&mut next, 10 * MINUTE), [""; 0]);
    assert_eq!(deliveries(&next)[0].1, Delivery::Unsure);
    next.retry(&nonce("a"));
    assert_eq!(due(&mut next, 11 * MINUTE), ["a"]);
}

#[test]
fn a_person_retries_and_deletes() {
    let mut outbox = with(&["a", "b"]);
    enter(&mut outbox, 0, 0);
    due(&mut outbox, 0);
    outbox.refused(&nonce("a"), &error(ErrorCode::NotAllowed), 0, 0.0);
    assert_eq!(outbox.waiting(), 1);
    outbox.retry(&nonce("a"));
    outbox.retry(&nonce("b"));
    assert_eq!(outbox.waiting(), 2);
    assert_eq!(due(&mut outbox, 1), ["a"]);
    assert!(outbox.strike(&nonce("a")).is_some());
    assert!(outbox.strike(&nonce("a")).is_none());
    assert!(outbox.find(&nonce("b")).is_some());
}

#[test]
fn adopting_twice_makes_no_second_message() {
    let mut outbox = with(&["a"]);
    let left = Outbox::load(&with(&["b", "a"]).save().unwrap());
    outbox.adopt(left.clone(), 0);
    outbox.adopt(left, 0);
    assert_eq!(outbox.of(&room("r")).count(), 2);
}
