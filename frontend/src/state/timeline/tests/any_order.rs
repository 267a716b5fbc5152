//! Whatever comes in whatever order: no message twice, all in the order of the chain, a line where one is missing.

use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;

use shared::entry::What;

use super::*;

/// What a server brings a returning page up to date with, and the length of its pages.
const RECOVERED: usize = 12;
const PAGE: usize = 20;

#[derive(Debug, Clone)]
enum Step {
    /// Others say something.
    Say(u8),
    /// More than a tail holds is said.
    Burst,
    /// Some of what happened reaches the page.
    Deliver(u8),
    /// One event does not.
    Drop,
    /// The connection is cut and made again.
    Rejoin,
    /// The server's history loses its end, and says so.
    LoseTail(u8),
    /// The person writes something; it is stored, or what was stored is acknowledged.
    Write,
    Store,
    Ack,
    /// All three at once: the event is still to come.
    Send,
    /// History is asked for; the answer to the oldest question comes.
    Older,
    Newer,
    Around(u8),
    Answer,
    /// What a person does with the log.
    AtEnd(bool),
    Jump,
    Rest,
    LoadMissed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (1..9_u8).prop_map(Step::Say),
        1 => Just(Step::Burst),
        8 => (1..40_u8).prop_map(Step::Deliver),
        1 => Just(Step::Drop),
        3 => Just(Step::Rejoin),
        2 => (1..20_u8).prop_map(Step::LoseTail),
        2 => Just(Step::Write),
        2 => Just(Step::Store),
        2 => Just(Step::Ack),
        3 => Just(Step::Send),
        5 => Just(Step::Older),
        5 => Just(Step::Newer),
        2 => any::<u8>().prop_map(Step::Around),
        9 => Just(Step::Answer),
        3 => any::<bool>().prop_map(Step::AtEnd),
        1 => Just(Step::Jump),
        1 => Just(Step::Rest),
        1 => Just(Step::LoadMissed),
    ];
    prop::collection::vec(step, 1..80)
}

enum Happened {
    Said(Entry),
    Lost(Position),
}

enum PendingRequest {
    Older(Position),
    Newer(Position),
    Around,
}

/// A server with one room, a page in it, and what is on its way between them.
#[derive(Default)]
struct Model {
    history: Vec<Entry>,
    positions: u64,
    timeline: Timeline,
    events: VecDeque<Happened>,
    answers: VecDeque<(PendingRequest, Page)>,
    written: u64,
    unsent: VecDeque<Nonce>,
    acks: VecDeque<(Nonce, Position)>,
}

impl Model {
    fn entered() -> Self {
        let mut model = Self::default();
        model.say(30);
        model.events.clear();
        model.rejoin();
        model
    }

    fn head(&self) -> Position {
        self.history.last().map_or_else(Position::start, |message| message.position.clone())
    }

    fn add(&mut self, name: &str, nonce: Option<Nonce>) -> Position {
        self.positions += 1;
        let mut message = said(self.positions, name, self.positions * 1000);
        message.nonce = nonce.unwrap_or(message.nonce);
        self.keep(message.into())
    }

    /// Something happens that this page does not know.
    fn add_unknown(&mut self) {
        self.positions += 1;
        let entry = Entry::from(said(self.positions, "bo", 0));
        self.keep(Entry { what: What::Unknown, ..entry });
    }

    fn keep(&mut self, entry: Entry) -> Position {
        let entry = Entry { prev: self.head(), ..entry };
        self.history.push(entry.clone());
        self.events.push_back(Happened::Said(entry.clone()));
        entry.position
    }

    fn say(&mut self, count: usize) {
        for _ in 0..count {
            if self.positions % 4 == 3 {
                self.add_unknown();
            } else {
                self.add("bo", None);
            }
        }
    }

    fn find(&self, position: &Position) -> Option<usize> {
        self.history.iter().position(|message| message.position == *position)
    }

    fn page(&self, range: Option<std::ops::Range<usize>>) -> Page {
        let Some(range) = range else { return page(vec![], false, false, false) };
        let (older, newer) = (range.start > 0, range.end < self.history.len());
        page(Entries::Read(self.history[range].to_vec()), older, newer, true)
    }

    fn rejoin(&mut self) {
        self.events.clear();
        self.answers.clear();
        self.acks.clear();
        let since = self
            .timeline
            .head()
            .and_then(|head| if head.is_start() { Some(0) } else { self.find(head).map(|at| at + 1) });
        let end = self.history.len();
        let joined = if let Some(since) = since.filter(|since| end - since <= RECOVERED) {
            joined(Entries::Read(self.history[since..].to_vec()), self.head(), true, since > 0)
        } else {
            let first = end.saturating_sub(PAGE);
            joined(Entries::Read(self.history[first..].to_vec()), self.head(), false, first > 0)
        };
        self.timeline.joined(joined, Some(&user("ana")));
        // What waits is sent again: stored ones are answered as duplicates, the others are stored now.
        let own: Vec<Nonce> = self.timeline.own.iter().map(|own| own.nonce.clone()).collect();
        for nonce in own {
            let place = self
                .history
                .iter()
                .find(|entry| entry.message().is_some_and(|message| message.nonce == nonce));
            match place.map(|message| message.position.clone()) {
                Some(position) if self.timeline.knows(&position) => self.timeline.stored(&nonce, position),
                Some(_) => self.timeline.forget(&nonce),
                None if !self.unsent.contains(&nonce) => self.unsent.push_back(nonce),
                None => {}
            }
        }
    }

    fn deliver(&mut self) {
        let arrival = match self.events.pop_front() {
            Some(Happened::Said(message)) => self.timeline.arrived(message, Some(&user("ana")), true),
            Some(Happened::Lost(after)) => return self.timeline.lost(after),
            None => return,
        };
        if arrival == Arrival::Gap {
            self.rejoin();
        }
    }

    fn answer(&mut self) {
        let me = user("ana");
        match self.answers.pop_front() {
            Some((PendingRequest::Older(anchor), page)) => self.timeline.older_page(page, &anchor, Some(&me)),
            Some((PendingRequest::Newer(anchor), page)) => self.timeline.newer_page(page, &anchor, Some(&me)),
            Some((PendingRequest::Around, page)) if page.found => self.timeline.around_page(page, Some(&me)),
            Some((PendingRequest::Around, _)) | None => {}
        }
    }

    fn lose_tail(&mut self, count: usize) {
        let kept = self.history.len().saturating_sub(count);
        self.history.truncate(kept);
        self.acks.clear();
        self.events.push_back(Happened::Lost(self.head()));
    }

    fn play(&mut self, step: &Step) {
        match step {
            Step::Say(count) => self.say(usize::from(*count)),
            Step::Burst => self.say(TAIL + 30),
            Step::Deliver(count) => (0..*count).for_each(|_| self.deliver()),
            // A connection drops nothing: this is a fault of the server, found by the chain of what follows.
            Step::Drop => {
                if !self.events.iter().any(|event| matches!(event, Happened::Lost(_))) {
                    self.events.pop_front();
                }
            }
            Step::Rejoin => self.rejoin(),
            Step::LoseTail(count) => self.lose_tail(usize::from(*count)),
            Step::Write => {
                self.written += 1;
                let name = format!("own-{}", self.written);
                write(&mut self.timeline, &name);
                self.unsent.push_back(nonce(&name));
            }
            Step::Store => {
                if let Some(nonce) = self.unsent.pop_front() {
                    let position = self.add("ana", Some(nonce.clone()));
                    self.acks.push_back((nonce, position));
                }
            }
            Step::Ack => {
                if let Some((nonce, position)) = self.acks.pop_front() {
                    self.timeline.stored(&nonce, position);
                }
            }
            Step::Send => {
                for step in [Step::Write, Step::Store, Step::Ack] {
                    self.play(&step);
                }
            }
            Step::Older => {
                if let Some(anchor) = self.timeline.oldest().filter(|_| self.timeline.has_older()).cloned() {
                    let page = self.page(self.find(&anchor).map(|at| at.saturating_sub(PAGE)..at));
                    self.answers.push_back((PendingRequest::Older(anchor), page));
                }
            }
            Step::Newer => {
                if self.timeline.has_newer()
                    && !self.timeline.newer_from_tail()
                    && let Some(anchor) = self.timeline.newest().cloned()
                {
                    let end = self.history.len();
                    let page = self.page(self.find(&anchor).map(|at| at + 1..end.min(at + 1 + PAGE)));
                    self.answers.push_back((PendingRequest::Newer(anchor), page));
                }
            }
            Step::Around(at) => {
                let at = usize::from(*at) * self.history.len() / 256;
                let end = self.history.len();
                let around = at.saturating_sub(PAGE / 2)..end.min(at + PAGE / 2);
                self.answers.push_back((PendingRequest::Around, self.page((end > 0).then_some(around))));
            }
            Step::Answer => self.answer(),
            Step::AtEnd(at_end) => self.timeline.set_at_end(*at_end),
            Step::Jump => drop(self.timeline.jump_to_newest()),
            Step::Rest => self.timeline.rest(),
            Step::LoadMissed => {
                let missing = self.timeline.window.iter().rev().find_map(|item| match item {
                    Item::Break(id, Break::NotRecovered) => Some(RowKey::Break(*id)),
                    Item::Break(_, Break::Lost) | Item::Message(_) | Item::Place(_) => None,
                });
                missing.map(|key| self.timeline.start_below(key));
            }
        }
    }

    fn check(&self, after: &Step) {
        let timeline = &self.timeline;
        for list in [&timeline.window, &timeline.tail] {
            let mut seen = HashSet::new();
            for (position, _) in list.iter().filter_map(Item::place) {
                assert!(seen.insert(position), "{position} twice after {after:?}");
            }
            for (above, below) in list.iter().zip(list.iter().skip(1)) {
                if let (Some((above, _)), Some((_, prev))) = (above.place(), below.place()) {
                    assert_eq!(prev, above, "a silent hole after {after:?}");
                }
            }
        }
        assert!(timeline.window.len() <= WINDOW + SLACK, "{} rows after {after:?}", timeline.window.len());
        for own in &timeline.own {
            let shown = timeline
                .window
                .iter()
                .filter_map(Item::message)
                .any(|shown| shown.message.nonce == own.nonce);
            assert!(!shown, "{} stands twice after {after:?}", own.nonce);
        }
    }
}

/// Plays the steps, lets everything arrive, and looks at the end.
fn to_the_end(steps: &[Step]) {
    let mut model = Model::entered();
    for step in steps {
        model.play(step);
        model.check(step);
    }
    // In the end somebody says something more, everything arrives, and the newest messages are there.
    model.say(1);
    while !model.answers.is_empty() {
        model.answer();
        model.check(&Step::Answer);
    }
    while !model.events.is_empty() {
        model.deliver();
        model.check(&Step::Deliver(1));
    }
    assert_eq!(model.timeline.head(), Some(&model.head()));
    let stray = model.timeline.own.iter().find(|own| own.position.is_some());
    assert!(stray.is_none(), "shown as stored, and nowhere: {stray:?}");
    model.timeline.jump_to_newest();
    model.check(&Step::Jump);
    let last = model.timeline.window.iter().rev().find_map(Item::place);
    let broken = matches!(model.timeline.window.back(), Some(Item::Break(..)));
    assert!(broken || last.map(|(position, _)| position) == model.history.last().map(|last| &last.position));
    let mut keys: Vec<_> = rows(&model.timeline).into_iter().map(|(key, _)| format!("{key:?}")).collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "two rows with one key");
}

/// Found by the random steps below.
#[test]
fn a_tail_lost_twice_in_a_long_log() {
    use Step::{Burst, Deliver, LoseTail, Older, Say, Send, Write};
    to_the_end(&[
        LoseTail(1),
        Say(5),
        Say(8),
        Write,
        Say(8),
        Deliver(1),
        Say(3),
        Send,
        LoseTail(1),
        Say(3),
        Burst,
        Burst,
        LoseTail(1),
        Older,
    ]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn no_message_twice_none_out_of_order_no_silent_hole(steps in steps()) {
        to_the_end(&steps);
    }
}
