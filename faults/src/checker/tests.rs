use super::*;

fn room() -> Room {
    "r".parse().unwrap()
}

fn at(number: u64) -> Position {
    number.to_string().parse().unwrap()
}

fn nonce(number: u64) -> Nonce {
    format!("n{number}").parse().unwrap()
}

fn link(number: u64) -> Link {
    Link { position: at(number), prev: at(number - 1), n: number, nonce: nonce(number) }
}

fn links(numbers: std::ops::RangeInclusive<u64>) -> Vec<Link> {
    numbers.map(link).collect()
}

fn said(link: Link) -> ClientEvent {
    ClientEvent::Message { room: room(), link }
}

fn joined(since: Option<u64>, recovered: bool, position: u64, messages: Vec<Link>) -> ClientEvent {
    ClientEvent::Joined { room: room(), since: since.map(at), recovered, position: at(position), messages }
}

fn sent(number: u64) -> ClientEvent {
    sent_on(number, 1)
}

fn sent_on(number: u64, on: u32) -> ClientEvent {
    ClientEvent::Sent { room: room(), nonce: nonce(number), on }
}

fn refused(number: u64) -> ClientEvent {
    ClientEvent::Refused { room: room(), nonce: nonce(number), on: 1 }
}

fn acked(number: u64, position: u64, duplicate: bool) -> ClientEvent {
    ClientEvent::Acked { room: room(), nonce: nonce(number), position: at(position), duplicate }
}

fn lost(after: u64) -> ClientEvent {
    ClientEvent::Lost { room: room(), after: at(after) }
}

/// Somebody who sees messages 1 to 4 and sends 2.
fn writer() -> Vec<ClientEvent> {
    let mut seen = vec![joined(None, false, 1, links(1..=1)), sent(2), said(link(2)), acked(2, 2, false)];
    seen.extend([said(link(3)), said(link(4))]);
    seen
}

/// Somebody who comes late, goes away, and resumes.
fn reader() -> Vec<ClientEvent> {
    vec![joined(None, false, 2, links(2..=2)), said(link(3)), joined(Some(3), true, 4, links(4..=4))]
}

/// Somebody who sees messages 1 and 2.
fn twins() -> Vec<ClientEvent> {
    vec![joined(None, false, 2, links(1..=2))]
}

fn history() -> Vec<Link> {
    links(1..=4)
}

fn verdict(logs: Vec<Vec<ClientEvent>>, history: Vec<Link>) -> Verdict {
    let observe = |(client, seen)| ClientLog { client, seen, present: vec![room()] };
    let logs: Vec<_> = logs.into_iter().enumerate().map(observe).collect();
    check(&logs, &HashMap::from([(room(), history)]))
}

fn defects(verdict: &Verdict) -> Vec<&'static str> {
    verdict.lists().into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| name).collect()
}

fn after<const N: usize>(mut log: Vec<ClientEvent>, more: [ClientEvent; N]) -> Vec<ClientEvent> {
    log.extend(more);
    log
}

#[test]
fn clean_histories_pass() {
    let retried = vec![joined(None, false, 0, vec![]), sent(1), sent(1), said(link(1)), acked(1, 1, true)];
    let unasked_page = after(writer(), [joined(Some(4), false, 4, links(3..=4))]);
    for (name, logs, history) in [
        ("nobody", vec![], vec![]),
        ("two", vec![writer(), reader()], history()),
        ("a retry", vec![retried], links(1..=1)),
        (
            "another order after a refusal",
            vec![after(twins(), [sent(2), sent(1), refused(2), sent(2)])],
            links(1..=2),
        ),
        (
            "another order on two connections",
            vec![after(twins(), [sent_on(2, 1), sent_on(1, 2)])],
            links(1..=2),
        ),
        ("a page instead of a resume", vec![unasked_page, reader()], history()),
    ] {
        let verdict = verdict(logs, history);
        assert!(verdict.is_clean(), "{name}: {verdict:?}");
        assert_eq!(verdict.told_losses, [], "{name}");
    }
}

#[test]
fn a_loss_that_is_told_is_counted_and_is_no_defect() {
    let again = Link { position: at(12), prev: at(1), n: 2, nonce: nonce(12) };
    let log = after(writer(), [lost(1), said(again.clone())]);
    let verdict = verdict(vec![log], vec![link(1), again]);
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(verdict.told_losses.len(), 1);
}

#[test]
fn every_defect_is_found_and_only_it() {
    let moved = |number, prev| Link { prev: at(prev), ..link(number) };
    let numbered = |link: Link, n| Link { n, ..link };
    let twice = Link { nonce: nonce(2), ..link(3) };
    let start = || joined(None, false, 1, links(1..=1));
    let swapped =
        vec![start(), said(numbered(moved(3, 1), 2)), said(numbered(moved(2, 3), 3)), said(moved(4, 2))];
    let kept_twice = vec![joined(None, false, 3, vec![link(1), link(2), twice.clone()])];
    for (name, defect, logs, history) in [
        (
            "acked, kept nowhere",
            "acked but missing",
            vec![after(writer(), [sent(9), acked(9, 9, false)])],
            history(),
        ),
        (
            "a hole between events",
            "silent gaps",
            vec![vec![start(), said(link(2)), said(link(4))]],
            history(),
        ),
        (
            "a hole in a resume",
            "silent gaps",
            vec![vec![start(), joined(Some(1), true, 4, links(3..=4))]],
            history(),
        ),
        (
            "a short resume",
            "silent gaps",
            vec![vec![start(), joined(Some(1), true, 4, links(2..=3))]],
            history(),
        ),
        ("the end never came", "silent gaps", vec![vec![start(), said(link(2))]], history()),
        (
            "shown and taken back without a word",
            "silent gaps",
            vec![vec![joined(None, false, 4, history())]],
            links(1..=2),
        ),
        ("an event twice", "duplicates", vec![after(writer(), [said(link(4))])], history()),
        (
            "a resume that repeats",
            "duplicates",
            vec![after(writer(), [joined(Some(3), true, 4, links(4..=4))])],
            history(),
        ),
        ("stored twice", "duplicates", vec![kept_twice], vec![link(1), link(2), twice]),
        ("two orders", "order inversions", vec![writer(), swapped], history()),
        (
            "one's own in another order",
            "order inversions",
            vec![after(twins(), [sent(2), sent(1)])],
            links(1..=2),
        ),
        (
            "one's own in another order on every way",
            "order inversions",
            vec![after(twins(), [sent_on(2, 1), sent_on(2, 2), sent_on(1, 1), sent_on(1, 2)])],
            links(1..=2),
        ),
        ("another's place", "false acks", vec![after(writer(), [sent(3), acked(3, 2, false)])], history()),
        ("two places", "false acks", vec![after(writer(), [sent(2), acked(2, 9, true)])], history()),
        ("an answer to nothing", "false acks", vec![after(writer(), [acked(3, 3, false)])], history()),
        ("a repeat of nothing", "false acks", vec![after(writer(), [sent(3), acked(3, 3, true)])], history()),
    ] {
        let verdict = verdict(logs, history);
        assert_eq!(defects(&verdict), [defect], "{name}: {verdict:?}");
    }
}
