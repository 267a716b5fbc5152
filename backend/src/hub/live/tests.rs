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

struct World {
    live: Live,
    budget: Budget,
    metrics: Metrics,
    outbox: Arc<Outbox>,
}

impl World {
    fn new() -> Self {
        Self {
            live: Live::new(room()),
            budget: Budget::new(1 << 20),
            metrics: Metrics::default(),
            outbox: Arc::new(Outbox::new(1 << 20)),
        }
    }

    fn opened(newest: impl IntoIterator<Item = u64>) -> Self {
        let mut world = Self::new();
        let newest = entries(newest);
        let last = newest.last().map_or_else(Position::start, |entry| entry.position.clone());
        assert_eq!(world.live.open((newest, last), &world.budget, &world.metrics), Outcome::Done);
        world.live.enter(world.member(1, None), false);
        world
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
    let mut world = World::opened(1..=2);
    assert_eq!(world.receive([3, 4]), Outcome::Done);
    assert_eq!(world.receive([3, 4, 5]), Outcome::Done);
    assert_eq!(world.seen(), [3, 4, 5]);
    assert_eq!(world.live.last(), Some(&position(5)));
}

#[test]
fn what_arrives_while_opening_follows_the_page() {
    let mut world = World::new();
    assert_eq!(world.receive([2, 3]), Outcome::Done);
    assert_eq!(world.live.last(), None);
    world.live.enter(world.member(1, None), false);
    assert_eq!(world.live.open((entries(1..=2), position(2)), &world.budget, &world.metrics), Outcome::Done);
    assert_eq!(world.seen(), [3]);
    assert_eq!(world.live.last(), Some(&position(3)));
}

#[test]
fn a_hole_stops_delivery_until_it_is_read() {
    let mut world = World::opened(1..=1);
    assert_eq!(world.receive([4, 5]), Outcome::Hole);
    assert_eq!(world.receive([6]), Outcome::Done);
    assert!(world.seen().is_empty());

    let (from, arrived) = world.live.repair_from().unwrap();
    assert_eq!(from, position(1));
    assert_eq!(world.receive([7]), Outcome::Done);
    world.live.splice(entries(2..=6), &world.budget, &world.metrics);
    assert!(world.live.end_repair(arrived, &world.budget, &world.metrics));
    assert_eq!(world.seen(), [2, 3, 4, 5, 6, 7]);
    assert_eq!(world.receive([8]), Outcome::Done);
    assert_eq!(world.seen(), [8]);
}

#[test]
fn a_hole_behind_the_read_asks_for_another_round() {
    let mut world = World::opened(1..=1);
    assert_eq!(world.receive([3]), Outcome::Hole);
    let (_, arrived) = world.live.repair_from().unwrap();
    world.live.splice(entries(2..=3), &world.budget, &world.metrics);
    assert_eq!(world.receive([5]), Outcome::Done);
    assert!(!world.live.end_repair(arrived, &world.budget, &world.metrics));
    let (from, arrived) = world.live.repair_from().unwrap();
    assert_eq!(from, position(3));
    world.live.splice(entries(4..=5), &world.budget, &world.metrics);
    assert!(world.live.end_repair(arrived, &world.budget, &world.metrics));
    assert_eq!(world.seen(), [2, 3, 4, 5]);
}

#[test]
fn an_entry_older_than_the_ring_is_left_out_after_one_read() {
    let mut world = World::opened(50..=60);
    assert_eq!(world.receive([40]), Outcome::Hole);
    let (_, arrived) = world.live.repair_from().unwrap();
    world.live.splice(Vec::new(), &world.budget, &world.metrics);
    assert!(world.live.end_repair(arrived, &world.budget, &world.metrics));
    assert!(world.seen().is_empty());
    assert_eq!(world.receive([61]), Outcome::Done);
    assert_eq!(world.seen(), [61]);
}

#[test]
fn a_lost_tail_is_told_and_the_room_goes_on() {
    let mut world = World::opened(1..=5);
    assert!(world.live.begin_repair());
    world.live.roll_back(&position(3), &world.budget);
    let reissued = StoredEntry { position: position(99), prev: position(3), n: 4, ..entry(4) };
    world.live.splice(vec![reissued], &world.budget, &world.metrics);
    assert!(world.live.end_repair(Vec::new(), &world.budget, &world.metrics));
    assert_eq!(world.seen(), [-3, 4]);
    assert_eq!(world.live.ring().positions().first(), Some(&position(99)));
    assert!(!world.live.ring().contains(&position(5)));
}

#[test]
fn a_break_inside_the_history_is_told() {
    let mut world = World::opened(1..=2);
    assert!(world.live.begin_repair());
    world.live.splice(entries([5, 6]), &world.budget, &world.metrics);
    assert_eq!(world.seen(), [-2, 5, 6]);
}

#[test]
fn a_joining_member_gets_its_page_before_what_happened_meanwhile() {
    let mut world = World::opened(1..=2);
    world.live.enter(world.member(1, None), true);
    assert_eq!(world.receive([3]), Outcome::Done);
    assert!(world.outbox.take().frames.is_empty());
    world.live.release(SessionId(1), Bytes::from_static(b"page"));
    assert_eq!(world.receive([4]), Outcome::Done);
    let frames = world.outbox.take().frames;
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
    let mut world = World::opened([]);
    assert!(world.live.begin_repair());
    let twenty: Vec<_> = (1..=20).map(large).collect();
    world.live.receive(twenty.clone(), &world.budget, &world.metrics);
    assert!(!world.live.end_repair(Vec::new(), &world.budget, &world.metrics), "another round is due");
    let waited = world.seen();
    assert!((1..20).contains(&waited.len()), "{waited:?}");
    world.live.splice(twenty, &world.budget, &world.metrics);
    assert!(world.live.end_repair(Vec::new(), &world.budget, &world.metrics));
    assert_eq!([waited, world.seen()].concat(), (1..=20).collect::<Vec<_>>());

    // A joining member for whom too much waits comes back and resumes; the others do not notice.
    let other = Arc::new(Outbox::new(1 << 20));
    let joining = Member { outbox: other.clone(), ..world.member(2, None) };
    world.live.enter(joining, true);
    world.live.receive((21..=40).map(large).collect(), &world.budget, &world.metrics);
    assert_eq!(other.ending(), Some(shared::close::CloseReason::Slow));
    assert_eq!(world.seen(), (21..=40).collect::<Vec<_>>());
    assert_eq!(world.outbox.ending(), None);
}

fn seen(world: &World) -> (u64, Vec<Person>) {
    (world.live.people().count(), world.live.people().listed())
}

#[test]
fn people_are_counted_once_however_many_pages_they_have_open() {
    let mut world = World::opened([]);
    let ana = Occupant { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), named: 0 };
    world.live.enter(world.member(2, Some(ana.clone())), false);
    world.live.enter(world.member(3, Some(ana.clone())), false);
    assert_eq!(seen(&world), (1, vec![ana.person()]));
    world.live.leave(SessionId(2));
    assert_eq!(seen(&world).0, 1);
    world.live.leave(SessionId(3));
    assert_eq!(seen(&world).0, 0);
    assert!(world.live.leave(SessionId(1)));
}

#[test]
fn who_joins_again_on_the_same_connection_did_not_come_again() {
    let mut world = World::opened([]);
    let ana = Occupant { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), named: 0 };
    let presences = |world: &World| world.outbox.take().frames.len();
    world.live.enter(world.member(2, Some(ana.clone())), false);
    assert!(presences(&world) > 0);
    world.live.enter(world.member(2, Some(ana.clone())), false);
    assert_eq!((presences(&world), seen(&world)), (0, (1, vec![ana.person()])));
    let renamed = Occupant { name: "Anna".parse().unwrap(), named: 1, ..ana };
    world.live.enter(world.member(2, Some(renamed.clone())), false);
    assert!(presences(&world) > 0, "the others learn the new name");
    assert_eq!(seen(&world), (1, vec![renamed.person()]));
    world.live.leave(SessionId(2));
    assert_eq!(seen(&world).0, 0);
}

#[test]
fn the_ring_says_what_an_amended_entry_says_now() {
    let mut world = World::opened(1..=3);
    let used = world.budget.used();
    let now = Record::parse("m1 something longer than before".into());
    let change = Change { position: position(2), record: now.clone() };
    let amendment = StoredEntry { change: Some(change), record: Record::parse("a2 {}".into()), ..entry(4) };
    assert_eq!(world.live.receive(vec![amendment], &world.budget, &world.metrics), Outcome::Done);
    let ring = world.live.ring().after(&position(1)).unwrap();
    assert_eq!((&ring[0].entry.record, &ring[0].entry.prev), (&now, &position(1)));
    assert!(world.budget.used() > used);
    // The amendment is lost with the tail: what its entry says is read again.
    world.live.roll_back(&position(3), &world.budget);
    assert!(world.live.ring().after(&position(1)).is_none());
    assert_eq!(world.budget.used(), 0);
}

#[test]
fn the_ring_stays_within_its_budget() {
    let mut world = World::opened(1..=10);
    let used = world.budget.used();
    assert!(used > 0);
    world.live.roll_back(&position(4), &world.budget);
    assert!(world.budget.used() < used);
    world.live.clear_ring(&world.budget);
    assert_eq!(world.budget.used(), 0);
}

proptest! {
    /// Whatever the bus drops, doubles or delays: with repairs that read the history, a member sees every
    /// message once and in order.
    #[test]
    fn nothing_lost_nothing_twice(steps in prop::collection::vec(0u8..5, 1..120)) {
        let mut world = World::opened([]);
        let mut stored = 0u64;
        let mut hole = false;
        let mut reading: Option<Vec<StoredEntry>> = None;
        for step in steps {
            match step {
                // Stored and delivered.
                0 | 1 => {
                    stored += 1;
                    hole |= world.receive([stored]) == Outcome::Hole;
                }
                // Stored and lost on the way.
                2 => stored += 1,
                // An old entry comes again.
                3 if stored > 0 => hole |= world.receive([stored.div_ceil(2)]) == Outcome::Hole,
                // A repair begins, or goes on.
                _ => match reading.take() {
                    None if hole => {
                        let (from, arrived) = world.live.repair_from().unwrap();
                        let from: u64 = from.as_str().parse().unwrap();
                        world.live.splice(entries(from + 1..=stored), &world.budget, &world.metrics);
                        reading = Some(arrived);
                    }
                    None => {}
                    Some(arrived) => hole = !world.live.end_repair(arrived, &world.budget, &world.metrics),
                },
            }
        }
        // The bus is interrupted: the hub compares and reads until nothing is missing.
        if let Some(arrived) = reading {
            world.live.end_repair(arrived, &world.budget, &world.metrics);
        }
        world.live.begin_repair();
        loop {
            let Some((from, arrived)) = world.live.repair_from() else { break };
            let from: u64 = from.as_str().parse().unwrap();
            world.live.splice(entries(from + 1..=stored), &world.budget, &world.metrics);
            if world.live.end_repair(arrived, &world.budget, &world.metrics) {
                break;
            }
        }
        let seen = world.seen();
        let expected: Vec<i64> = (1..=i64::try_from(stored).unwrap()).collect();
        prop_assert_eq!(seen, expected);
    }
}
