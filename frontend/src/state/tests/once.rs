//! Whatever happens to tabs, connections and replies, each message is stored once and in order, or is still unsent.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use shared::{
    command::{self, Command},
    entry::Message,
    event::{Joined, Sent, ServerFrame},
    limits,
    text::{Nonce, Position},
};

use super::*;
use crate::state::timeline::rows::{Delivery, Row};

#[derive(Debug, Clone)]
enum Step {
    /// A person writes in one of the tabs.
    Write(usize),
    /// The server runs the commands of a tab and replies, unless the connection is cut before that.
    Serve(usize),
    TakeAndCut(usize),
    /// The connection is cut; commands on their way are lost or arrive late.
    Cut(usize),
    CutLate(usize),
    Late,
    Connect(usize),
    /// The tab is closed, or its browser crashes; it comes back.
    Close(usize),
    Crash(usize),
    Open(usize),
    /// The other tab takes over the outbox of a closed one.
    Adopt(usize),
    /// Others send more messages than a page holds.
    Flood,
    /// Time passes, in seconds.
    Pass(u64),
    /// A person retries or deletes a stopped message.
    Retry(usize),
    Delete(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..2_usize).prop_flat_map(|tab| {
        prop_oneof![
            8 => Just(Step::Write(tab)),
            8 => Just(Step::Serve(tab)),
            2 => Just(Step::TakeAndCut(tab)),
            2 => Just(Step::Cut(tab)),
            2 => Just(Step::CutLate(tab)),
            2 => Just(Step::Late),
            6 => Just(Step::Connect(tab)),
            2 => Just(Step::Close(tab)),
            1 => Just(Step::Crash(tab)),
            4 => Just(Step::Open(tab)),
            2 => Just(Step::Adopt(tab)),
            1 => Just(Step::Flood),
            3 => prop_oneof![Just(1_u64), Just(25), Just(599), Just(3600)].prop_map(Step::Pass),
            1 => Just(Step::Retry(tab)),
            1 => Just(Step::Delete(tab)),
        ]
    });
    prop::collection::vec(step, 1..60)
}

/// The tabs' names; each owns the outbox of its name.
const NAMES: [&str; 2] = ["a", "b"];

/// How long a command may be on its way and still arrive.
const LATE: u64 = 30_000;

/// A server with one room, and up to two tabs of one person.
struct Model {
    storage: Storage,
    tabs: [Option<Tab>; 2],
    now: u64,
    history: Vec<Message>,
    /// When the server first took each nonce, and its position.
    taken: HashMap<Nonce, (u64, Position)>,
    late: Vec<(u64, Command)>,
    /// Each written message with its author.
    written: Vec<(String, u32)>,
    /// The author of each tab: a new one once the other tab has taken over its outbox.
    authors: [u32; 2],
    /// The messages that a person sent again or deleted.
    decided: BTreeMap<String, Delivery>,
}

impl Model {
    fn new() -> Self {
        let storage = Storage::default();
        let mut model = Self {
            storage,
            tabs: [None, None],
            now: 0,
            history: (1..=3).map(said).collect(),
            taken: HashMap::new(),
            late: Vec::new(),
            written: Vec::new(),
            authors: [0, 1],
            decided: BTreeMap::new(),
        };
        model.open(0);
        model
    }

    fn open(&mut self, at: usize) {
        if self.tabs[at].is_none() {
            let tab = Tab::open(&self.storage, NAMES[at], "/r/r", self.now);
            if tab.chat.me().get_untracked().is_none() {
                tab.chat.set_name("ana").unwrap();
            }
            self.tabs[at] = Some(tab);
        }
    }

    fn is_live(&self, at: usize) -> bool {
        self.tabs[at].as_ref().is_some_and(|tab| tab.chat.link().get_untracked().status == Status::Live)
    }

    fn connect(&mut self, at: usize) {
        if !self.is_live(at)
            && let Some(tab) = &self.tabs[at]
        {
            tab.connect();
        }
    }

    fn cut(&mut self, at: usize, late: bool) {
        if self.is_live(at)
            && let Some(tab) = &self.tabs[at]
        {
            let lost = tab.take_asked().into_iter().map(|(_, command)| (self.now, command));
            if late {
                self.late.extend(lost);
            }
            tab.cut();
        }
    }

    fn store(&mut self, nonce: &Nonce, body: &str) -> (Position, bool) {
        let window = u64::try_from(limits::NONCE_WINDOW.as_millis()).unwrap();
        let known = self.taken.get(nonce).filter(|(at, _)| self.now < at + window);
        if let Some((_, position)) = known {
            return (position.clone(), true);
        }
        let message = said_by(self.history.len() as u64 + 1, "ana", nonce.as_str(), body);
        self.taken.insert(nonce.clone(), (self.now, message.position.clone()));
        self.tell(&message);
        (message.position, false)
    }

    /// Stores a message and sends its event to all tabs.
    fn tell(&mut self, message: &Message) {
        self.history.push(message.clone());
        for at in 0..2 {
            if self.is_live(at)
                && let Some(tab) = &self.tabs[at]
            {
                tab.say("r", message.clone());
            }
        }
    }

    fn joined(&self, since: Option<&Position>) -> Joined {
        let end = self.history.len();
        let find =
            |position: &Position| self.history.iter().position(|message| message.position == *position);
        let after = since.and_then(find).map(|at| at + 1).filter(|at| end - at <= limits::RECOVERY_MAX);
        let first = after.unwrap_or(end.saturating_sub(limits::PAGE));
        Joined {
            entries: self.history[first..].to_vec().into(),
            recovered: after.is_some(),
            older: first > 0,
            ..joined("r", 1..=end as u64, false)
        }
    }

    /// Runs the commands of a tab until it sends no more.
    fn serve(&mut self, at: usize) {
        while self.is_live(at) {
            let asked = self.tabs[at].as_ref().map(Tab::take_asked).unwrap_or_default();
            if asked.is_empty() {
                return;
            }
            for (id, command) in asked {
                let Some(reply) = self.answer(&command) else { continue };
                if let Some(tab) = &self.tabs[at] {
                    tab.chat.frame(ServerFrame::Reply(id, reply));
                }
            }
        }
    }

    fn answer(&mut self, command: &Command) -> Option<Reply> {
        match command {
            Command::Join(command::Join { since, .. }) => Some(Reply::Joined(self.joined(since.as_ref()))),
            Command::Send(command::Send { nonce, body, .. }) => {
                let (position, duplicate) = self.store(nonce, body.as_str());
                let n = (!duplicate).then_some(self.history.len() as u64);
                Some(Reply::Sent(Sent { room: name_of("r"), position, n, duplicate }))
            }
            Command::History(_) => Some(Reply::Error(ProtocolError::new(ErrorCode::Unavailable, "not now"))),
            Command::Hello(_)
            | Command::Leave(_)
            | Command::React(_)
            | Command::Rename(_)
            | Command::Forget
            | Command::Ping => None,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += seconds * 1000;
        for tab in self.tabs.iter().flatten() {
            tab.pass(seconds * 1000);
        }
        let now = self.now;
        self.late.retain(|(at, _)| now < at + LATE);
    }

    /// The first message in a tab that waits for a decision.
    fn stuck(&self, at: usize) -> Option<(Nonce, String)> {
        let room = self.tabs[at].as_ref()?.chat.current().get_untracked()?;
        room.rows.get_untracked().iter().find_map(|handle| match handle.row.get_untracked() {
            Row::Message(row) if matches!(row.state, Delivery::Unsure | Delivery::Failed(_)) => {
                Some((row.nonce, row.body.to_string()))
            }
            Row::Message(_) | Row::Day(_) | Row::Since { .. } | Row::Break(_) => None,
        })
    }

    fn play(&mut self, step: &Step) {
        match *step {
            Step::Write(at) => {
                let body = format!("written-{}", self.written.len());
                if let Some(tab) = &self.tabs[at] {
                    tab.chat.send(&body).unwrap();
                    self.written.push((body, self.authors[at]));
                }
            }
            Step::Serve(at) => self.serve(at),
            Step::TakeAndCut(at) => {
                let asked = self.tabs[at].as_ref().map(Tab::take_asked).unwrap_or_default();
                self.cut(at, false);
                for (_, command) in asked {
                    self.answer(&command);
                }
            }
            Step::Cut(at) => self.cut(at, false),
            Step::CutLate(at) => self.cut(at, true),
            Step::Late => {
                for (_, command) in std::mem::take(&mut self.late) {
                    self.answer(&command);
                }
            }
            Step::Connect(at) => self.connect(at),
            Step::Close(at) => {
                if let Some(tab) = self.tabs[at].take() {
                    tab.chat.leaving();
                }
            }
            Step::Crash(at) => drop(self.tabs[at].take()),
            Step::Open(at) => self.open(at),
            Step::Adopt(at) => {
                if let (Some(tab), None) = (&self.tabs[at], &self.tabs[1 - at]) {
                    tab.chat.adopt_outbox(&format!("hubbub.outbox.{}", NAMES[1 - at]));
                    self.authors[1 - at] += 2;
                }
            }
            Step::Flood => {
                for _ in 0..limits::PAGE + 10 {
                    let next = said(self.history.len() as u64 + 1);
                    self.tell(&next);
                }
            }
            Step::Pass(seconds) => self.pass(seconds),
            Step::Retry(at) => {
                if let Some((nonce, body)) = self.stuck(at) {
                    self.decided.insert(body, Delivery::Unsure);
                    self.tabs[at].as_ref().unwrap().chat.retry(&nonce);
                }
            }
            Step::Delete(at) => {
                if let Some((nonce, body)) = self.stuck(at) {
                    self.decided.insert(body, Delivery::Stored);
                    self.tabs[at].as_ref().unwrap().chat.delete(&nonce);
                }
            }
        }
    }

    fn stored(&self, body: &str) -> usize {
        self.history.iter().filter(|message| message.body.as_str() == body).count()
    }

    fn check(&self) {
        let kept: Vec<String> = self
            .storage
            .borrow()
            .iter()
            .filter(|(key, _)| key.starts_with("hubbub.outbox."))
            .map(|(_, text)| text.clone())
            .collect();
        for (body, _) in &self.written {
            let times = self.stored(body);
            if self.decided.contains_key(body) {
                continue;
            }
            assert!(times <= 1, "{body} is stored {times} times");
            let waits = kept.iter().any(|text| text.contains(&format!("{body}\"")));
            assert!(times == 1 || waits, "{body} has vanished; kept is {kept:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_is_stored_once_in_order_or_still_there(steps in steps()) {
        let mut model = Model::new();
        for step in &steps {
            model.play(step);
            model.check();
        }
        // At the end both tabs are live until nothing is on its way.
        for at in 0..2 {
            model.open(at);
            model.connect(at);
        }
        for _ in 0..4 {
            model.serve(0);
            model.serve(1);
            model.pass(25);
        }
        model.check();
        let undecided: Vec<_> = model.tabs.iter().flatten().map(|tab| tab.chat.waiting().get_untracked()).collect();
        prop_assert_eq!(undecided, [0, 0], "something waits for nothing");
        // The messages of an author are in order, except those that a person decided about.
        let asked: Vec<String> = (0..2).flat_map(|at| {
            let rows = model.tabs[at].as_ref().unwrap().rows();
            rows.into_iter().filter_map(|row| Some(row.strip_prefix("ana ")?.strip_suffix(" Unsure")?.to_owned()))
        }).collect();
        for author in 0..=model.authors[0].max(model.authors[1]) {
            let places: Vec<_> = model.written.iter()
                .filter(|(body, by)| *by == author && !model.decided.contains_key(body) && !asked.contains(body))
                .map(|(body, _)| (model.history.iter().position(|message| message.body.as_str() == body), body))
                .collect();
            prop_assert!(places.is_sorted_by_key(|(place, _)| *place), "out of order: {places:?}");
        }
    }
}

/// The tab saw the history before it took the message over: that does not prove the message missing.
#[test]
fn what_another_tab_saw_before_is_not_proved_missing() {
    let mut model = Model::new();
    model.open(1);
    let steps = [
        Step::Connect(1),
        Step::Serve(1),
        Step::Write(1),
        Step::CutLate(1),
        Step::Connect(0),
        Step::Serve(0),
        Step::Late,
        Step::Pass(3600),
        Step::Crash(1),
        Step::Adopt(0),
        Step::Serve(0),
    ];
    for step in &steps {
        model.play(step);
        model.check();
    }
    assert_eq!(model.tabs[0].as_ref().unwrap().rows().last().unwrap(), "ana written-0 Unsure");
}
