//! Anything in any order: random operations on several nodes, held against lists in memory.
//!
//! The seed is printed when it fails; `HUBBUB_SEED` plays it again.

mod chain;

use std::{
    collections::{BTreeMap, VecDeque},
    env,
    fmt::Write,
    thread,
};

use backend::broker::{
    Anchor, Audience, Broker, BrokerError, Change, Draft, Event, Key, Kind, StateError, StoredEntry,
    Versioned,
};
use bytes::Bytes;
use fastrand::Rng;
use futures_util::future::join_all;
use shared::text::{Position, Room, UserId};

use self::chain::Chain;
use super::{Fixture, amending, assert_chain, draft, next, read, ready};

/// Operations of one run.
const STEPS: usize = 400;

/// Longer than [`HISTORY_MAX`](super::HISTORY_MAX) a room would be trimmed, and when is a broker's own.
const FULL: usize = 170;

pub(crate) async fn like_lists_in_memory(fixture: &mut impl Fixture) {
    play(fixture, false).await;
}

/// The same, and now and then every connection is cut in the middle of it.
pub(crate) async fn like_lists_in_memory_through_cuts(fixture: &mut impl Fixture) {
    play(fixture, true).await;
}

async fn play(fixture: &mut impl Fixture, cuts: bool) {
    let seed = env::var("HUBBUB_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    let told = Told { seed, log: String::new() };
    let nodes = [fixture.broker().await, fixture.broker().await];
    let listener = fixture.broker().await;
    let mut world = World {
        rng: Rng::with_seed(seed),
        nodes,
        listener,
        rooms: ["general", "a {room}", "%"].map(Chain::of),
        records: BTreeMap::new(),
        fresh: 0,
        told,
    };
    for step in 0..STEPS {
        write!(world.told.log, "\n{step}: ").unwrap();
        if cuts && step % 80 == 40 {
            world.cut(fixture).await;
        } else {
            world.step().await;
        }
    }
    world.drain().await;
}

/// Says on a failure how it came to it.
struct Told {
    seed: u64,
    log: String,
}

impl Drop for Told {
    #[expect(clippy::print_stderr, reason = "it is for whoever looks into a failure")]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("HUBBUB_SEED={} plays this again:{}", self.seed, self.log);
        }
    }
}

struct World {
    rng: Rng,
    nodes: [Broker; 2],
    listener: Broker,
    rooms: [Chain; 3],
    records: BTreeMap<String, Versioned>,
    fresh: u32,
    told: Told,
}

impl World {
    fn node(&mut self) -> Broker {
        self.nodes[self.rng.usize(..2)].clone()
    }

    /// A message, of which the nonce may have been used.
    fn draft(&mut self) -> Draft {
        let who = ["anna", "berta"][self.rng.usize(..2)];
        draft(who, &format!("n{}", self.rng.u32(..150)), &format!("text {}", self.rng.u32(..)))
    }

    fn fresh_nonce(&mut self) -> String {
        self.fresh += 1;
        format!("fresh-{}", self.fresh)
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.told.log.write_fmt(what).unwrap();
    }

    async fn step(&mut self) {
        let (at, node) = (self.rng.usize(..3), self.node());
        match self.rng.u32(..100) {
            0..30 => self.publish(at, &node).await,
            30..35 => self.burst(at, &node).await,
            35..45 => self.amend(at, &node).await,
            45..70 => self.read(at, &node).await,
            70..75 => self.look_around(at, &node).await,
            75..90 => self.keep(&node).await,
            90..93 => self.turn(at).await,
            93..97 => self.tell(at, &node).await,
            _ => self.drain().await,
        }
    }

    async fn publish(&mut self, at: usize, node: &Broker) {
        if self.rooms[at].entries.len() >= FULL {
            return;
        }
        let draft = self.draft();
        self.note(format_args!("publish {at} {} {}", draft.sender, draft.nonce));
        let stored = node.core.publish(&self.rooms[at].room, draft.clone()).await.unwrap();
        self.rooms[at].published(&draft, &stored);
    }

    /// Several at once: they keep the order of the calls.
    async fn burst(&mut self, at: usize, node: &Broker) {
        let drafts: Vec<_> = (0..self.rng.usize(2..9)).map(|_| self.draft()).collect();
        if self.rooms[at].entries.len() + drafts.len() >= FULL {
            return;
        }
        self.note(format_args!("burst {at} {}", drafts.len()));
        let room = &self.rooms[at].room;
        let answers =
            join_all(drafts.iter().map(|draft| node.core.publish(room, draft.clone())).collect::<Vec<_>>());
        for (draft, stored) in drafts.iter().zip(answers.await) {
            self.rooms[at].published(draft, &stored.unwrap());
        }
    }

    async fn amend(&mut self, at: usize, node: &Broker) {
        let length = self.rooms[at].entries.len();
        if length == 0 || length >= FULL {
            return;
        }
        let target = self.rooms[at].entries[self.rng.usize(..length)].clone();
        let (nonce, text) = (self.fresh_nonce(), format!("edit {}", self.rng.u32(..)));
        let missing = self.rng.u32(..8) == 0;
        let position = if missing { Position::parse("1-never").unwrap() } else { target.position.clone() };
        self.note(format_args!("amend {at} {position} {nonce}"));
        let change = Change { position: position.clone(), record: draft("anna", "first", &text).record };
        let amendment = amending("anna", &nonce, &position, change);
        let answer = node.core.publish(&self.rooms[at].room, amendment.clone()).await;
        if missing || target.change.is_some() {
            assert_eq!(answer, Err(BrokerError::Gone));
            return;
        }
        self.rooms[at].published(&amendment, &answer.unwrap());
    }

    async fn read(&mut self, at: usize, node: &Broker) {
        let limit = self.rng.usize(1..40);
        let (span, somewhere) = (self.rng.u32(..6), self.somewhere(at));
        let chain = &self.rooms[at];
        let end = chain.entries.len();
        let found = chain.find(&somewhere);
        let (from, range) = match span {
            0 => (Anchor::Newest, Some(end.saturating_sub(limit)..end)),
            1 => (Anchor::Through(somewhere), found.map(|at| (at + 1).saturating_sub(limit)..at + 1)),
            2 => (Anchor::Before(somewhere), found.map(|at| at.saturating_sub(limit)..at)),
            3 => (Anchor::After(somewhere), found.map(|at| at + 1..end.min(at + 1 + limit))),
            4 => (Anchor::After(Position::start()), Some(0..end.min(limit))),
            _ => return self.read_around(at, node, &somewhere, limit).await,
        };
        let run = read(node, &chain.room, from.clone(), limit).await;
        let wanted = range.clone().map(|range| chain.entries[range].to_vec()).unwrap_or_default();
        assert_eq!((run.found, &run.entries), (range.is_some(), &wanted), "{from:?} {limit}");
        if let Some(range) = range.filter(|range| !range.is_empty()) {
            assert_eq!((run.older, run.newer), (range.start > 0, range.end < end), "{from:?} {limit}");
        }
    }

    async fn read_around(&self, at: usize, node: &Broker, position: &Position, limit: usize) {
        let chain = &self.rooms[at];
        let run = read(node, &chain.room, Anchor::Around(position.clone()), limit).await;
        let Some(place) = chain.find(position) else {
            return assert!(!run.found && run.entries.is_empty(), "around {position}");
        };
        assert!(run.found && run.entries.contains(&chain.entries[place]) && run.entries.len() <= limit);
        assert_chain(&run.entries);
        let first = chain.find(&run.entries[0].position).unwrap();
        assert_eq!(run.entries, chain.entries[first..first + run.entries.len()]);
        assert_eq!(
            (run.older, run.newer),
            (first > 0, first + run.entries.len() < chain.entries.len()),
            "around {position}, {limit}"
        );
    }

    /// A position of the room, or, rarely, one that never was.
    fn somewhere(&mut self, at: usize) -> Position {
        let length = self.rooms[at].entries.len();
        if length == 0 || self.rng.u32(..10) == 0 {
            return Position::parse("1-never").unwrap();
        }
        self.rooms[at].entries[self.rng.usize(..length)].position.clone()
    }

    async fn look_around(&mut self, at: usize, node: &Broker) {
        let rooms = self.rooms.each_ref().map(|chain| chain.room.clone());
        let heads = self.rooms.each_ref().map(Chain::head);
        assert_eq!(node.core.heads(&rooms).await.unwrap(), heads);
        let positions: Vec<_> = (0..self.rng.usize(..4)).map(|_| self.somewhere(at)).collect();
        let chain = &self.rooms[at];
        let wanted = positions.iter().find(|position| chain.find(position).is_some()).cloned();
        assert_eq!(node.core.first_kept(&chain.room, &positions).await.unwrap(), wanted, "{positions:?}");
    }

    /// The small records.
    async fn keep(&mut self, node: &Broker) {
        let name = ["anna", "berta", "carla"][self.rng.usize(..3)].to_owned();
        let key = Key::Person(UserId::parse(&name).unwrap());
        let there = self.records.get(&name).cloned();
        match self.rng.u32(..10) {
            0..3 => assert_eq!(node.state.get(&key).await.unwrap(), there),
            3 => assert_eq!(node.state.take(&key).await.unwrap(), self.records.remove(&name)),
            4 => {
                let (after, limit) =
                    ([None, Some("anna"), Some("b")][self.rng.usize(..3)], self.rng.usize(1..4));
                let behind = |name: &&String| after.is_none_or(|after| name.as_str() > after);
                let wanted: Vec<_> = self.records.keys().filter(behind).take(limit).cloned().collect();
                assert_eq!(node.state.list(Kind::Person, after, limit).await.unwrap(), wanted);
            }
            _ => {
                let version = there.as_ref().map_or(0, |record| record.version);
                let expect = [None, Some(version), Some(version + 1), Some(0)][self.rng.usize(..4)];
                let value = Bytes::from(format!("value {}", self.rng.u32(..)));
                self.note(format_args!("put {name} {expect:?}"));
                let put = node.state.put(&key, expect, value.clone(), None).await;
                if expect.is_some_and(|expect| expect != version) {
                    assert_eq!(put, Err(StateError::Conflict(version)));
                    return;
                }
                let new = put.unwrap();
                assert!(new > version, "version {new} after {version}");
                self.records.insert(name, Versioned { version: new, value });
            }
        }
    }

    /// The listener takes a room, or gives it up once it has heard everything.
    async fn turn(&mut self, at: usize) {
        self.drain().await;
        let chain = &mut self.rooms[at];
        let core = &self.listener.core;
        if chain.taken {
            core.unsubscribe(&chain.room).await.unwrap();
        } else {
            core.subscribe(&chain.room).await.unwrap();
        }
        chain.taken = !chain.taken;
        let taken = chain.taken;
        self.note(format_args!("listens to {at}: {taken}"));
    }

    async fn tell(&mut self, at: usize, node: &Broker) {
        // What is told and what is stored may come by different ways, one of them given up by now.
        let what = Bytes::from(format!("told {}", self.rng.u32(..)));
        let chain = &mut self.rooms[at];
        if chain.taken {
            node.core.broadcast(Audience::Room(&chain.room), what.clone()).await.unwrap();
            chain.due_told.push_back(what);
            self.drain().await;
        }
    }

    /// The listener hears everything that it has to, in order, and nothing else.
    async fn drain(&mut self) {
        while self.rooms.iter().any(|chain| !chain.due.is_empty() || !chain.due_told.is_empty()) {
            let event = next(&self.listener).await;
            let of = match &event {
                Event::Entries(room, _) | Event::Broadcast(room, _) | Event::Gapped(room) => room,
                Event::Presence(..) | Event::NodeBroadcast(_) | Event::NodesGapped => {
                    panic!("nobody shows or tells all")
                }
            };
            let chain = self.rooms.iter_mut().find(|chain| chain.room == *of).expect("a room of this test");
            match event {
                Event::Entries(_, entries) => {
                    for entry in entries {
                        assert_eq!(Some(entry), chain.due.pop_front(), "heard in {}", chain.room);
                    }
                }
                Event::Broadcast(_, what) => assert_eq!(Some(what), chain.due_told.pop_front()),
                Event::Gapped(_) | Event::Presence(..) | Event::NodeBroadcast(_) | Event::NodesGapped => {
                    panic!("a gap in {}, though little was said", chain.room)
                }
            }
        }
    }

    /// Every connection is cut while messages are on their way: each is stored once, in the order of the calls, and
    /// what the listener hears of them is in order.
    async fn cut(&mut self, fixture: &impl Fixture) {
        self.drain().await;
        let (at, node) = (self.rng.usize(..3), self.node());
        if self.rooms[at].entries.len() + 20 >= FULL + 10 {
            return;
        }
        self.note(format_args!("cut, with messages for {at} on their way"));
        let brokers = [&self.nodes[0], &self.nodes[1], &self.listener];
        let before = brokers.map(|broker| broker.core.health().borrow().generation);
        let nonces: Vec<_> = (0..12).map(|_| self.fresh_nonce()).collect();
        let drafts: Vec<_> = nonces.iter().map(|nonce| draft("anna", nonce, nonce)).collect();
        let room = self.rooms[at].room.clone();
        let (early, late) = drafts.split_at(6);
        let mut answers: Vec<_> = early.iter().map(|draft| node.core.publish(&room, draft.clone())).collect();
        let was_cut = fixture.cut();
        answers.extend(late.iter().map(|draft| node.core.publish(&room, draft.clone())));
        for stored in join_all(answers).await {
            stored.unwrap();
        }
        if was_cut {
            let brokers = [&self.nodes[0], &self.nodes[1], &self.listener];
            for (broker, before) in brokers.into_iter().zip(before) {
                ready(broker, before).await;
            }
        }
        let chain = &mut self.rooms[at];
        let run = read(&node, &room, Anchor::Newest, drafts.len()).await;
        for (draft, entry) in drafts.iter().zip(&run.entries) {
            chain.append(draft, entry.position.clone());
        }
        let from = chain.entries.len() - drafts.len();
        assert_eq!(run.entries, chain.entries[from..], "each once, in the order of the calls");
        // The bus may have lost some of them, but what comes after the cut comes again.
        let maybe = std::mem::take(&mut chain.due);
        if chain.taken {
            let nonce = self.fresh_nonce();
            let last = draft("anna", &nonce, "after the cut");
            let stored = node.core.publish(&room, last.clone()).await.unwrap();
            self.rooms[at].published(&last, &stored);
            self.rooms[at].due.clear();
            self.hear_some(&room, maybe, &stored.position).await;
        }
    }

    /// Hears entries in their order, perhaps not all, up to this one.
    async fn hear_some(&self, room: &Room, maybe: VecDeque<StoredEntry>, last: &Position) {
        let mut ahead = maybe.into_iter();
        loop {
            let Event::Entries(of, entries) = next(&self.listener).await else { panic!("no entries") };
            assert_eq!(of, *room);
            for entry in entries {
                if entry.position == *last {
                    return;
                }
                let position = entry.position.clone();
                assert!(ahead.any(|next| next == entry), "{position} came out of order, or twice");
            }
        }
    }
}
