//! One round trip: the drafts that are sent together, one script call for each room.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ::redis::{Cmd, Pipeline, Value};
use shared::{
    limits::NONCE_WINDOW,
    text::{Position, Room},
};
use tokio::time::Instant;

use super::queue::{DraftQueue, QueuedDraft};
use crate::broker::{
    BrokerError, Change, Stored, YOUNG_TIMES,
    redis::{
        failure::Failure,
        keys::{KeyCache, PublishKeys},
        scripts::PUBLISH,
    },
};

/// Drafts of one room in one call: what a call stores is published as one payload, and blocks Redis meanwhile.
const ROOM_DRAFTS: usize = 64;

/// Their bytes, unless one alone is larger.
const ROOM_BYTES: usize = 256 << 10;

/// How the script keeps a room.
#[derive(Debug, Clone)]
pub(in super::super) struct Keeping {
    pub(in super::super) max: u64,
    pub(in super::super) age: Duration,
    pub(in super::super) min_age: Duration,
}

/// The drafts of a round trip, by room, each room's in their order.
#[derive(Debug, Default)]
pub(super) struct RoundTrip {
    calls: Vec<Call>,
}

/// The drafts of one room.
#[derive(Debug)]
struct Call {
    keys: Arc<PublishKeys>,
    drafts: Vec<QueuedDraft>,
}

impl RoundTrip {
    /// Makes a round trip of what the queue gave. A room has one call in it: of two calls the second could be executed
    /// without the first. What does not fit goes back.
    pub(super) fn gather(queue: &DraftQueue, drafts: Vec<QueuedDraft>, keys: &mut KeyCache) -> Self {
        let now = Instant::now();
        let mut batch = Self::default();
        let mut rooms: HashMap<Room, RoomLoad> = HashMap::new();
        let mut back = Vec::new();
        for waiting in drafts {
            // Drafts that go back are looked at again when their turn comes.
            let full = rooms.get(&waiting.room).is_some_and(|load| load.full_for(&waiting));
            if full {
                rooms.entry(waiting.room.clone()).and_modify(|load| load.full = true);
                back.push(waiting);
            } else if waiting.deadline <= now || !waiting.stage.send() {
                queue.late(waiting);
            } else {
                let call = batch.calls.len();
                let load =
                    rooms.entry(waiting.room.clone()).or_insert(RoomLoad { call, ..RoomLoad::default() });
                load.drafts += 1;
                load.bytes += waiting.bytes();
                if let Some(call) = batch.calls.get_mut(load.call) {
                    call.drafts.push(waiting);
                } else {
                    let keys = keys.of(&waiting.room);
                    batch.calls.push(Call { keys, drafts: vec![waiting] });
                }
            }
        }
        queue.put_back(back);
        batch
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The round trip. With `replicas`, one WAIT for that many at its end.
    pub(super) fn pipeline(&self, keeping: &Keeping, replicas: Option<u32>) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(self.calls.len() + 1);
        for call in &self.calls {
            pipeline.add_command(command(call, keeping));
        }
        if let Some(replicas) = replicas {
            pipeline.cmd("WAIT").arg(replicas).arg(1000);
        }
        pipeline.ignore_errors();
        pipeline
    }

    /// Hands out the answers. Drafts that must be sent again go back to the queue; returns the worst reason for that.
    pub(super) fn settle(
        self,
        queue: &DraftQueue,
        answers: Vec<Value>,
        replicas: Option<u32>,
    ) -> Option<Failure> {
        let replicated = replicas.is_none_or(|wanted| match answers.get(self.calls.len()) {
            Some(Value::Int(got)) => *got >= i64::from(wanted),
            _ => false,
        });
        let (mut back, mut reason) = (Vec::new(), None::<Failure>);
        let mut answers = answers.into_iter();
        for Call { keys, mut drafts } in self.calls {
            let failure = match answers.next() {
                Some(Value::Array(results)) if results.len() == drafts.len() => {
                    keys.checked.store(true, Ordering::Relaxed);
                    for (waiting, result) in drafts.into_iter().zip(results) {
                        let result = match outcome(result) {
                            Ok(_) if !replicated => Err(BrokerError::Unknown),
                            other => other,
                        };
                        queue.answer(waiting, result);
                    }
                    continue;
                }
                Some(Value::ServerError(error)) => Failure::from(&error),
                _ => Failure::Strange("Redis gave something else than the script does".to_owned()),
            };
            match failure {
                Failure::NoScript | Failure::Later(_) | Failure::ReadOnly => {
                    for waiting in drafts.iter_mut().filter(|waiting| !waiting.doubtful) {
                        waiting.stage.unsend();
                    }
                    back.append(&mut drafts);
                    if reason.as_ref().is_none_or(|worse| !worse.fatal()) {
                        reason = Some(failure);
                    }
                }
                other => {
                    for waiting in drafts {
                        let error =
                            if waiting.doubtful { BrokerError::Unknown } else { other.clone().into() };
                        queue.answer(waiting, Err(error));
                    }
                }
            }
        }
        queue.put_back(back);
        reason
    }

    /// Nobody knows what became of it: all drafts are sent again.
    pub(super) fn doubt(self, queue: &DraftQueue) {
        let mut drafts: Vec<_> = self.calls.into_iter().flat_map(|call| call.drafts).collect();
        for waiting in &mut drafts {
            waiting.doubtful = true;
        }
        queue.put_back(drafts);
    }
}

/// What a round trip holds of one room.
#[derive(Debug, Default)]
struct RoomLoad {
    call: usize,
    drafts: usize,
    bytes: usize,
    /// A draft went back, so all after it do: they keep their order.
    full: bool,
}

impl RoomLoad {
    fn full_for(&self, waiting: &QueuedDraft) -> bool {
        self.full || self.drafts >= ROOM_DRAFTS || self.bytes + waiting.bytes() > ROOM_BYTES
    }
}

fn command(call: &Call, keeping: &Keeping) -> Cmd {
    let Keeping { max, age, min_age } = keeping;
    let Call { keys: names, drafts } = call;
    let nonces: Vec<_> =
        drafts.iter().map(|QueuedDraft { draft, .. }| names.nonce(&draft.sender, &draft.nonce)).collect();
    let keys: Vec<&str> = names.names.iter().chain(&nonces).map(String::as_str).collect();
    let mut command = PUBLISH.cached(&keys);
    let ms = |age: &Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX).min(1 << 42);
    let unchecked = !names.checked.load(Ordering::Relaxed);
    command.arg(max).arg(NONCE_WINDOW.as_secs()).arg(ms(age)).arg(u8::from(unchecked));
    command.arg(ms(min_age)).arg(max.saturating_mul(YOUNG_TIMES));
    for QueuedDraft { draft, mark, .. } in drafts {
        command.arg(draft.sender.as_str()).arg(draft.nonce.as_str()).arg(draft.rights);
        let record = draft.record.wire();
        match &draft.amends {
            None => command.arg(u8::from(draft.counts)).arg(&record[..]),
            Some(Change { position, record: now }) => command
                .arg(format!("{position} {}", record.len()))
                .arg([&record[..], &now.wire()[..]].concat()),
        };
        command.arg(format!("{mark:x}"));
    }
    command
}

/// The script's answer for one draft.
fn outcome(result: Value) -> Result<Stored, BrokerError> {
    let Value::Array(parts) = result else { return Err(BrokerError::Unknown) };
    let mut parts = parts.into_iter();
    let (kind, text) = (parts.next(), parts.next());
    let Some(Value::BulkString(text)) = text else { return Err(BrokerError::Unknown) };
    let text = std::str::from_utf8(&text).map_err(|_| BrokerError::Unknown)?;
    let position = || Position::parse(text).map_err(|_| BrokerError::Unknown);
    match (kind, parts.next()) {
        (Some(Value::Int(0)), Some(Value::Int(n))) => {
            Ok(Stored { position: position()?, n: u64::try_from(n).ok(), duplicate: false })
        }
        (Some(Value::Int(1)), None) => Ok(Stored { position: position()?, n: None, duplicate: true }),
        (Some(Value::Int(3)), None) => Err(BrokerError::Gone),
        (Some(Value::Int(2)), None) => {
            Err(BrokerError::Stale(text.parse().map_err(|_| BrokerError::Unknown)?))
        }
        _ => Err(BrokerError::Unknown),
    }
}
