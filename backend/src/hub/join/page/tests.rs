//! Joining at any moment of any traffic: the page and what follows it are one run without hole or repetition.

use proptest::prelude::*;
use shared::{
    person::{Sender, SenderKind},
    text::{Body, Room},
};

use super::*;
use crate::{
    broker::{Anchor, Record, StoredEntry},
    hub::{
        live::{Live, Member, Outcome},
        ring::Budget,
    },
    metrics::Metrics,
    outbox::{Frame, Outbox},
    peer::{Dialect, SessionId},
};

fn position(number: u64) -> Position {
    Position::parse(&number.to_string()).unwrap()
}

/// Entry `number` of a chain `0 -> 1 -> 2 …`; every fiftieth is long.
fn entry(number: u64) -> StoredEntry {
    let sender = Sender { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
    let text = if number.is_multiple_of(50) { "x".repeat(16 * 1024) } else { number.to_string() };
    let record = Record::message(1, &sender, &"n".parse().unwrap(), &Body::parse(&text).unwrap());
    StoredEntry { position: position(number), prev: position(number - 1), n: number, record, change: None }
}

/// A room as a node knows it, and a history that may be ahead of the node.
struct JoinFixture {
    live: Live,
    budget: Budget,
    metrics: Metrics,
    outbox: Arc<Outbox>,
    stored: u64,
    trimmed: u64,
    delivered: u64,
}

/// What a client may bring along.
#[derive(Debug, Clone, Copy)]
enum Since {
    Nothing,
    /// So many entries before the node's position.
    Behind(u64),
    /// So many after it, as far as there are any: the client comes from a node that is ahead.
    Ahead(u64),
    Forged,
}

impl JoinFixture {
    fn opened(newest: u64) -> Self {
        let (budget, metrics) = (Budget::new(64 << 20), Metrics::default());
        let mut live = Live::new(Room::parse("r").unwrap());
        let first = newest.saturating_sub(limits::PAGE as u64);
        let opened =
            live.open(((first + 1..=newest).map(entry).collect(), position(newest)), &budget, &metrics);
        assert_eq!(opened, Outcome::Done);
        let outbox = Arc::new(Outbox::new(64 << 20));
        Self { live, budget, metrics, outbox, stored: newest, trimmed: 0, delivered: newest }
    }

    fn deliver(&mut self, count: u64) {
        let until = self.stored.min(self.delivered + count);
        let entries = (self.delivered + 1..=until).map(entry).collect();
        assert_eq!(self.live.receive(entries, &self.budget, &self.metrics), Outcome::Done);
        self.delivered = until;
    }

    fn read(&self, from: &Anchor, limit: usize) -> Run {
        let (kept, limit) = (self.trimmed + 1..=self.stored, limit as u64);
        let (first, last) = match from {
            Anchor::After(since) => match since.as_str().parse::<u64>() {
                Ok(since) if since >= self.trimmed && since <= self.stored => {
                    (since + 1, self.stored.min(since + limit))
                }
                _ => return Run::default(),
            },
            Anchor::Through(position) => match position.as_str().parse::<u64>() {
                Ok(at) if kept.contains(&at) => {
                    (kept.start().max(&(at + 1).saturating_sub(limit).max(1)).to_owned(), at)
                }
                _ => return Run::default(),
            },
            Anchor::Newest | Anchor::Before(_) | Anchor::Around(_) => {
                unreachable!("a join does not ask for it")
            }
        };
        let entries = (first..=last).map(entry).collect();
        Run { entries, found: true, older: first > *kept.start(), newer: last < self.stored }
    }

    /// As the hub does it.
    fn page(&self, position: &Position, since: Option<&Position>) -> Found {
        if let Some(since) = since {
            if let Some(found) = resumed_from_ring(self.live.ring(), position, since) {
                return found;
            }
            let run = self.read(&Anchor::After(since.clone()), limits::RECOVERY_MAX);
            if let Some(found) = resumed_from_log(run, position) {
                return found;
            }
        }
        newest_from_ring(self.live.ring(), position).unwrap_or_else(|| {
            newest_from_log(self.read(&Anchor::Through(position.clone()), limits::PAGE), position)
        })
    }

    fn enter(&mut self) -> u64 {
        let member = Member {
            session: SessionId(1),
            dialect: Dialect::V1,
            outbox: Arc::clone(&self.outbox),
            person: None,
        };
        self.live.enter(member, true);
        self.live.last().unwrap().as_str().parse().unwrap()
    }

    /// The numbers of the messages that were written to the member.
    fn written(&self) -> Vec<u64> {
        let frames = self.outbox.take().frames;
        let read = |frame: &Frame| serde_json::from_slice::<serde_json::Value>(frame).ok()?["n"].as_u64();
        frames.iter().filter_map(read).collect()
    }
}

fn numbers(page: &Page) -> Vec<u64> {
    page.entries.iter().map(|framed| framed.entry.n).collect()
}

fn since() -> impl Strategy<Value = Since> {
    prop_oneof![
        1 => Just(Since::Nothing),
        6 => (0..700_u64).prop_map(Since::Behind),
        3 => (0..20_u64).prop_map(Since::Ahead),
        1 => Just(Since::Forged),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn one_run_without_hole_or_repetition(
        opened in prop_oneof![Just(0_u64), 1..60_u64, 400..700_u64],
        before in (0..30_u64, 0..30_u64),
        meanwhile in (0..30_u64, 0..30_u64),
        since in since(),
        trimmed in prop_oneof![3 => Just(0_u64), 1 => 0..700_u64],
        ring_given_up in any::<bool>(),
    ) {
        let mut fixture = JoinFixture::opened(opened);
        fixture.trimmed = trimmed.min(opened.saturating_sub(1));
        fixture.stored += before.0;
        fixture.deliver(before.1);
        if ring_given_up {
            fixture.live.clear_ring(&fixture.budget);
        }
        let mut at = fixture.enter();
        let known = match since {
            Since::Nothing => None,
            Since::Behind(count) => Some(at.saturating_sub(count)),
            Since::Ahead(count) => Some((at + count).min(fixture.stored)),
            Since::Forged => Some(u64::MAX),
        };
        let asked = known.map(position);
        // While the page is read, the room goes on.
        fixture.stored += meanwhile.0;
        fixture.deliver(meanwhile.1);
        let page = match fixture.page(&position(at), asked.as_ref()) {
            Found::Page(page) => page,
            Found::Moved => {
                prop_assert!(known > Some(at), "the node had nothing to look for");
                fixture.deliver(u64::MAX - fixture.delivered);
                at = fixture.enter();
                match fixture.page(&position(at), asked.as_ref()) {
                    Found::Page(page) => page,
                    Found::Moved => panic!("looked again in vain"),
                }
            }
        };
        let shown = numbers(&page);
        if page.recovered {
            let missed: Vec<u64> = (known.unwrap() + 1..=at).collect();
            prop_assert_eq!(&shown, &missed, "not exactly what was missed");
        } else {
            let known = known.unwrap_or(u64::MAX);
            let can_be_had = known >= fixture.trimmed && known <= at && at - known <= limits::RECOVERY_MAX as u64;
            prop_assert!(!can_be_had, "{known} could be brought up to {at}");
            prop_assert!(shown.last() == Some(&at) || at == 0, "the newest page ends before {at}");
            prop_assert!(shown.windows(2).all(|pair| pair[1] == pair[0] + 1));
            prop_assert!(shown.len() <= limits::PAGE && bytes(&page.entries) <= PAGE_BYTES);
            // The ring does not hear of what the history trims: there may be less than it says, never more.
            prop_assert!(page.older || at == 0 || shown[0] <= fixture.trimmed + 1, "older ones are hidden");
        }
        fixture.live.release(SessionId(1), Frame::from("{}"));
        fixture.deliver(u64::MAX - fixture.delivered);
        let live: Vec<u64> = (at + 1..=fixture.stored).collect();
        prop_assert_eq!(fixture.written(), live, "what follows the page is not what came after it");
    }
}
