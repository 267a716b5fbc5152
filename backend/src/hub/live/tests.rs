use bytes::Bytes;
use proptest::prelude::*;
use shared::{person::Sender, person::SenderKind, text::Body};

use super::*;
use crate::broker::{Change, Record};

fn room() -> Room {
    Room::parse("r").unwrap()
}

fn position(number: u64) -> Position {
    Position::parse(&number.to_string()).unwrap()
}

/// Entry `number` of a chain `0 -> 1 -> 2 …`.
fn entry(number: u64) -> StoredEntry {
    let sender = Sender { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
    let body = Body::parse(&format!("text {number}")).unwrap();
    let record = Record::message(1, &sender, &"n".parse().unwrap(), &body);
    StoredEntry { position: position(number), prev: position(number - 1), n: number, record, change: None }
}

fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<StoredEntry> {
    numbers.into_iter().map(entry).collect()
}

struct LiveFixture {
    live: Live,
    budget: Budget,
    metrics: Metrics,
    outbox: Arc<Outbox>,
}

impl LiveFixture {
    fn new() -> Self {
        Self {
            live: Live::new(room()),
            budget: Budget::new(1 << 20),
            metrics: Metrics::default(),
            outbox: Arc::new(Outbox::new(1 << 20)),
        }
    }

    fn opened(newest: impl IntoIterator<Item = u64>) -> Self {
        let mut fixture = Self::new();
        let newest = entries(newest);
        let last = newest.last().map_or_else(Position::start, |entry| entry.position.clone());
        assert_eq!(fixture.live.open((newest, last), &fixture.budget, &fixture.metrics), Outcome::Done);
        fixture.live.enter(fixture.member(1, None), false);
        fixture
    }

    fn member(&self, session: u64, person: Option<Occupant>) -> Member {
        Member { session: SessionId(session), dialect: Dialect::V1, outbox: self.outbox.clone(), person }
    }

    fn receive(&mut self, numbers: impl IntoIterator<Item = u64>) -> Outcome {
        self.live.receive(entries(numbers), &self.budget, &self.metrics)
    }

    /// What reached the member: message numbers, and `-k` for a loss that goes on after `k`.
    fn seen(&self) -> Vec<i64> {
        let frames = self.outbox.take().frames;
        let numbers =
            frames.iter().map(|frame| match ServerFrame::decode(std::str::from_utf8(frame).unwrap()) {
                Ok(ServerFrame::Event(Event::Message(happened))) => i64::try_from(happened.entry.n).unwrap(),
                Ok(ServerFrame::Event(Event::Lost(shared::event::Lost { after, .. }))) => {
                    -after.as_str().parse::<i64>().unwrap()
                }
                other => panic!("unexpected {other:?}"),
            });
        numbers.collect()
    }
}

#[test]
fn a_chain_is_delivered_once() {
    let mut fixture = LiveFixture::opened(1..=2);
    assert_eq!(fixture.receive([3, 4]), Outcome::Done);
    assert_eq!(fixture.receive([3, 4, 5]), Outcome::Done);
    assert_eq!(fixture.seen(), [3, 4, 5]);
    assert_eq!(fixture.live.last(), Some(&position(5)));
}

#[test]
fn what_arrives_while_opening_follows_the_page() {
    let mut fixture = LiveFixture::new();
    assert_eq!(fixture.receive([2, 3]), Outcome::Done);
    assert_eq!(fixture.live.last(), None);
    fixture.live.enter(fixture.member(1, None), false);
    assert_eq!(
        fixture.live.open((entries(1..=2), position(2)), &fixture.budget, &fixture.metrics),
        Outcome::Done
    );
    assert_eq!(fixture.seen(), [3]);
    assert_eq!(fixture.live.last(), Some(&position(3)));
}

#[test]
fn a_hole_stops_delivery_until_it_is_read() {
    let mut fixture = LiveFixture::opened(1..=1);
    assert_eq!(fixture.receive([4, 5]), Outcome::Hole);
    assert_eq!(fixture.receive([6]), Outcome::Done);
    assert!(fixture.seen().is_empty());

    let (from, arrived) = fixture.live.repair_from().unwrap();
    assert_eq!(from, position(1));
    assert_eq!(fixture.receive([7]), Outcome::Done);
    fixture.live.splice(entries(2..=6), &fixture.budget, &fixture.metrics);
    assert!(fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics));
    assert_eq!(fixture.seen(), [2, 3, 4, 5, 6, 7]);
    assert_eq!(fixture.receive([8]), Outcome::Done);
    assert_eq!(fixture.seen(), [8]);
}

#[test]
fn a_hole_behind_the_read_asks_for_another_round() {
    let mut fixture = LiveFixture::opened(1..=1);
    assert_eq!(fixture.receive([3]), Outcome::Hole);
    let (_, arrived) = fixture.live.repair_from().unwrap();
    fixture.live.splice(entries(2..=3), &fixture.budget, &fixture.metrics);
    assert_eq!(fixture.receive([5]), Outcome::Done);
    assert!(!fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics));
    let (from, arrived) = fixture.live.repair_from().unwrap();
    assert_eq!(from, position(3));
    fixture.live.splice(entries(4..=5), &fixture.budget, &fixture.metrics);
    assert!(fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics));
    assert_eq!(fixture.seen(), [2, 3, 4, 5]);
}

#[test]
fn an_entry_older_than_the_ring_is_left_out_after_one_read() {
    let mut fixture = LiveFixture::opened(50..=60);
    assert_eq!(fixture.receive([40]), Outcome::Hole);
    let (_, arrived) = fixture.live.repair_from().unwrap();
    fixture.live.splice(Vec::new(), &fixture.budget, &fixture.metrics);
    assert!(fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics));
    assert!(fixture.seen().is_empty());
    assert_eq!(fixture.receive([61]), Outcome::Done);
    assert_eq!(fixture.seen(), [61]);
}

#[test]
fn a_lost_tail_is_told_and_the_room_goes_on() {
    let mut fixture = LiveFixture::opened(1..=5);
    assert!(fixture.live.begin_repair());
    fixture.live.roll_back(&position(3), &fixture.budget);
    let reissued = StoredEntry { position: position(99), prev: position(3), n: 4, ..entry(4) };
    fixture.live.splice(vec![reissued], &fixture.budget, &fixture.metrics);
    assert!(fixture.live.end_repair(Vec::new(), &fixture.budget, &fixture.metrics));
    assert_eq!(fixture.seen(), [-3, 4]);
    assert_eq!(fixture.live.ring().positions().first(), Some(&position(99)));
    assert!(!fixture.live.ring().contains(&position(5)));
}

#[test]
fn a_break_inside_the_history_is_told() {
    let mut fixture = LiveFixture::opened(1..=2);
    assert!(fixture.live.begin_repair());
    fixture.live.splice(entries([5, 6]), &fixture.budget, &fixture.metrics);
    assert_eq!(fixture.seen(), [-2, 5, 6]);
}

#[test]
fn a_joining_member_gets_its_page_before_what_happened_meanwhile() {
    let mut fixture = LiveFixture::opened(1..=2);
    fixture.live.enter(fixture.member(1, None), true);
    assert_eq!(fixture.receive([3]), Outcome::Done);
    assert!(fixture.outbox.take().frames.is_empty());
    fixture.live.release(SessionId(1), Bytes::from_static(b"page"));
    assert_eq!(fixture.receive([4]), Outcome::Done);
    let frames = fixture.outbox.take().frames;
    assert_eq!(frames[0], "page");
    assert_eq!(frames.len(), 3);
}

/// An entry so large that twenty of them are beyond what may wait.
fn large(number: u64) -> StoredEntry {
    let small = entry(number);
    let said = small.message().unwrap();
    let body = Body::parse(&"x".repeat(WAITING / 16)).unwrap();
    StoredEntry { record: Record::message(1, &said.sender, &said.nonce, &body), ..small }
}

#[test]
fn what_waits_is_bounded_and_read_again() {
    let mut fixture = LiveFixture::opened([]);
    assert!(fixture.live.begin_repair());
    let twenty: Vec<_> = (1..=20).map(large).collect();
    fixture.live.receive(twenty.clone(), &fixture.budget, &fixture.metrics);
    assert!(!fixture.live.end_repair(Vec::new(), &fixture.budget, &fixture.metrics), "another round is due");
    let waited = fixture.seen();
    assert!((1..20).contains(&waited.len()), "{waited:?}");
    fixture.live.splice(twenty, &fixture.budget, &fixture.metrics);
    assert!(fixture.live.end_repair(Vec::new(), &fixture.budget, &fixture.metrics));
    assert_eq!([waited, fixture.seen()].concat(), (1..=20).collect::<Vec<_>>());

    // A joining member for whom too much waits comes back and resumes; the others do not notice.
    let other = Arc::new(Outbox::new(1 << 20));
    let joining = Member { outbox: other.clone(), ..fixture.member(2, None) };
    fixture.live.enter(joining, true);
    fixture.live.receive((21..=40).map(large).collect(), &fixture.budget, &fixture.metrics);
    assert_eq!(other.ending(), Some(shared::close::CloseReason::Slow));
    assert_eq!(fixture.seen(), (21..=40).collect::<Vec<_>>());
    assert_eq!(fixture.outbox.ending(), None);
}

fn seen(fixture: &LiveFixture) -> (u64, Vec<Person>) {
    (fixture.live.people().count(), fixture.live.people().listed())
}

#[test]
fn people_are_counted_once_however_many_pages_they_have_open() {
    let mut fixture = LiveFixture::opened([]);
    let ana = Occupant { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), named: 0 };
    fixture.live.enter(fixture.member(2, Some(ana.clone())), false);
    fixture.live.enter(fixture.member(3, Some(ana.clone())), false);
    assert_eq!(seen(&fixture), (1, vec![ana.person()]));
    fixture.live.leave(SessionId(2));
    assert_eq!(seen(&fixture).0, 1);
    fixture.live.leave(SessionId(3));
    assert_eq!(seen(&fixture).0, 0);
    assert!(fixture.live.leave(SessionId(1)));
}

#[test]
fn who_joins_again_on_the_same_connection_did_not_come_again() {
    let mut fixture = LiveFixture::opened([]);
    let ana = Occupant { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), named: 0 };
    let presences = |fixture: &LiveFixture| fixture.outbox.take().frames.len();
    fixture.live.enter(fixture.member(2, Some(ana.clone())), false);
    assert!(presences(&fixture) > 0);
    fixture.live.enter(fixture.member(2, Some(ana.clone())), false);
    assert_eq!((presences(&fixture), seen(&fixture)), (0, (1, vec![ana.person()])));
    let renamed = Occupant { name: "Anna".parse().unwrap(), named: 1, ..ana };
    fixture.live.enter(fixture.member(2, Some(renamed.clone())), false);
    assert!(presences(&fixture) > 0, "the others learn the new name");
    assert_eq!(seen(&fixture), (1, vec![renamed.person()]));
    fixture.live.leave(SessionId(2));
    assert_eq!(seen(&fixture).0, 0);
}

#[test]
fn the_ring_says_what_an_amended_entry_says_now() {
    let mut fixture = LiveFixture::opened(1..=3);
    let used = fixture.budget.used();
    let now = Record::parse("m1 something longer than before".into());
    let change = Change { position: position(2), record: now.clone() };
    let amendment = StoredEntry { change: Some(change), record: Record::parse("a2 {}".into()), ..entry(4) };
    assert_eq!(fixture.live.receive(vec![amendment], &fixture.budget, &fixture.metrics), Outcome::Done);
    let ring = fixture.live.ring().after(&position(1)).unwrap();
    assert_eq!((&ring[0].entry.record, &ring[0].entry.prev), (&now, &position(1)));
    assert!(fixture.budget.used() > used);
    // The amendment is lost with the tail: what its entry says is read again.
    fixture.live.roll_back(&position(3), &fixture.budget);
    assert!(fixture.live.ring().after(&position(1)).is_none());
    assert_eq!(fixture.budget.used(), 0);
}

#[test]
fn the_ring_stays_within_its_budget() {
    let mut fixture = LiveFixture::opened(1..=10);
    let used = fixture.budget.used();
    assert!(used > 0);
    fixture.live.roll_back(&position(4), &fixture.budget);
    assert!(fixture.budget.used() < used);
    fixture.live.clear_ring(&fixture.budget);
    assert_eq!(fixture.budget.used(), 0);
}

proptest! {
    /// Whatever the bus drops, doubles or delays: with repairs that read the history, a member sees every
    /// message once and in order.
    #[test]
    fn nothing_lost_nothing_twice(steps in prop::collection::vec(0u8..5, 1..120)) {
        let mut fixture = LiveFixture::opened([]);
        let mut stored = 0u64;
        let mut hole = false;
        let mut reading: Option<Vec<StoredEntry>> = None;
        for step in steps {
            match step {
                // Stored and delivered.
                0 | 1 => {
                    stored += 1;
                    hole |= fixture.receive([stored]) == Outcome::Hole;
                }
                // Stored and lost on the way.
                2 => stored += 1,
                // An old entry comes again.
                3 if stored > 0 => hole |= fixture.receive([stored.div_ceil(2)]) == Outcome::Hole,
                // A repair begins, or goes on.
                _ => match reading.take() {
                    None if hole => {
                        let (from, arrived) = fixture.live.repair_from().unwrap();
                        let from: u64 = from.as_str().parse().unwrap();
                        fixture.live.splice(entries(from + 1..=stored), &fixture.budget, &fixture.metrics);
                        reading = Some(arrived);
                    }
                    None => {}
                    Some(arrived) => hole = !fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics),
                },
            }
        }
        // The bus is interrupted: the hub compares and reads until nothing is missing.
        if let Some(arrived) = reading {
            fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics);
        }
        fixture.live.begin_repair();
        loop {
            let Some((from, arrived)) = fixture.live.repair_from() else { break };
            let from: u64 = from.as_str().parse().unwrap();
            fixture.live.splice(entries(from + 1..=stored), &fixture.budget, &fixture.metrics);
            if fixture.live.end_repair(arrived, &fixture.budget, &fixture.metrics) {
                break;
            }
        }
        let seen = fixture.seen();
        let expected: Vec<i64> = (1..=i64::try_from(stored).unwrap()).collect();
        prop_assert_eq!(seen, expected);
    }
}
