//! The one thread that writes: gather, commit, deliver, answer; and recover when the disk fails.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    time::{Duration, Instant},
};

use super::{
    commit::{self, CommandOutcome, Effects},
    disk::{is_full, is_full_open},
    engine::Engine,
    nonces::Nonces,
    queue::Command,
    trim::Sweep,
};
use crate::broker::{BrokerError, Event, Health, StateError};
use crate::clock::now_ms;

/// How long the writer sleeps when nothing comes; its own work is done this often at most.
const IDLE: Duration = Duration::from_millis(500);

/// Between two tries of a disk that failed.
const RETRY: Duration = Duration::from_millis(250);

/// Between two steps of the sweep.
const SWEEP: Duration = Duration::from_secs(10);

/// Why a batch was not stored.
#[derive(Debug, Clone)]
enum WriteFailure {
    Full(String),
    Broken(String),
    /// The disk failed during the commit and cannot be asked what it kept.
    Unknown(String),
}

impl WriteFailure {
    fn of(error: &redb::Error) -> Self {
        if is_full(error) { Self::Full(error.to_string()) } else { Self::Broken(error.to_string()) }
    }

    fn why(&self) -> String {
        match self {
            Self::Full(why) => format!("the store is full: {why}"),
            Self::Broken(why) | Self::Unknown(why) => format!("the store cannot be written: {why}"),
        }
    }

    fn log(&self) -> BrokerError {
        match self {
            Self::Full(why) => BrokerError::Full(why.clone()),
            Self::Broken(why) => BrokerError::Unavailable(why.clone()),
            Self::Unknown(_) => BrokerError::Unknown,
        }
    }

    fn state(&self) -> StateError {
        match self {
            Self::Full(_) | Self::Broken(_) => StateError::Unavailable(self.why()),
            Self::Unknown(_) => StateError::Unknown,
        }
    }
}

struct Writer<'a> {
    engine: &'a Engine,
    nonces: Nonces,
    sweep: Sweep,
    swept: Instant,
    /// Why it cannot write now.
    failure: Option<WriteFailure>,
    /// When the disk was tried last.
    tried: Instant,
}

/// Runs until the queue is closed and empty.
pub(super) fn run(engine: &Engine, nonces: Nonces) {
    let now = Instant::now();
    let mut writer =
        Writer { engine, nonces, sweep: Sweep::default(), swept: now, failure: None, tried: now };
    while let Some(commands) = engine.queue.gather(IDLE) {
        writer.nonces.expire(Instant::now());
        if writer.failure.is_some() {
            writer.recover();
        }
        if !commands.is_empty() {
            writer.write(commands);
        }
        writer.sweep();
    }
}

impl Writer<'_> {
    fn write(&mut self, commands: Vec<Command>) {
        if let Some(failure) = &self.failure {
            let failure = match failure {
                // Of an earlier batch it is unknown; this one was certainly not written.
                WriteFailure::Unknown(why) => WriteFailure::Broken(why.clone()),
                other => other.clone(),
            };
            return refuse(commands, &failure);
        }
        match self.commit(&commands) {
            Ok(effects) => self.deliver(commands, effects),
            Err(failure) => {
                // First, so that a caller who is refused finds it in the health too.
                self.fail(failure.clone());
                refuse(commands, &failure);
            }
        }
    }

    /// Commits, once more if the disk failed and came back at once.
    fn commit(&mut self, commands: &[Command]) -> Result<Effects, WriteFailure> {
        let mut again = true;
        loop {
            let failure = match self.guarded(commands) {
                Ok((effects, None)) => return Ok(effects),
                // It failed before the commit: nothing was written.
                Err(error) => {
                    let failure = WriteFailure::of(&error);
                    if let Err(error) = self.engine.disk.reopen() {
                        tracing::warn!(%error, "the store cannot be opened again yet");
                        return Err(failure);
                    }
                    failure
                }
                Ok((effects, Some(error))) => {
                    let kept = self.kept(&effects);
                    if let Ok(true) = kept {
                        self.interrupted();
                        return Ok(effects);
                    }
                    self.nonces.withdraw();
                    match (WriteFailure::of(&error), kept) {
                        (failure, Ok(_)) | (failure @ WriteFailure::Full(_), Err(_)) => failure,
                        (_, Err(why)) => return Err(WriteFailure::Unknown(why)),
                    }
                }
            };
            if !std::mem::take(&mut again) || matches!(failure, WriteFailure::Full(_)) {
                return Err(failure);
            }
            tracing::warn!(why = failure.why(), "the store was opened again");
        }
    }

    /// What the batch did, and the error with which its commit ended.
    fn guarded(&mut self, commands: &[Command]) -> Result<(Effects, Option<redb::Error>), redb::Error> {
        let (engine, nonces) = (self.engine, &mut self.nonces);
        nonces.begin();
        // A damaged page makes redb panic. That must end neither the thread nor the answers.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let transaction = engine.disk.begin_write()?;
            let effects = commit::apply(&transaction, commands, nonces, &engine.settings, now_ms())?;
            let done = match effects.witness {
                Some(_) => transaction.commit().map_err(redb::Error::from),
                None => transaction.abort().map_err(redb::Error::from),
            };
            Ok((effects, done.err()))
        }));
        done.unwrap_or_else(|_| {
            self.nonces.withdraw();
            Err(redb::Error::Corrupted("its pages do not fit together".to_owned()))
        })
    }

    /// Whether the file has the batch whose commit ended in an error.
    fn kept(&self, effects: &Effects) -> Result<bool, String> {
        self.engine.disk.reopen().map_err(|error| error.to_string())?;
        let Some(witness) = &effects.witness else { return Ok(true) };
        let seen = self.engine.disk.begin_read().and_then(|transaction| witness.seen(&transaction));
        seen.map_err(|error| error.to_string())
    }

    fn deliver(&self, commands: Vec<Command>, effects: Effects) {
        for (room, entries) in effects.entries {
            self.engine.registry.push(&room, || Event::Entries(room.clone(), entries.clone()));
        }
        for (command, outcome) in commands.into_iter().zip(effects.outcomes) {
            answer(command, outcome);
        }
    }

    fn fail(&mut self, failure: WriteFailure) {
        let why = failure.why();
        if self.failure.is_none() {
            tracing::error!(why, "the store refuses writes until this is over");
        }
        self.engine.health.send_modify(|health| {
            health.ready = false;
            health.reason = Some(why);
        });
        self.failure = Some(failure);
    }

    /// Tries the disk with a commit of its own, now and then.
    fn recover(&mut self) {
        if self.tried.elapsed() < RETRY {
            return;
        }
        self.tried = Instant::now();
        let tried = self.engine.disk.reopen().map_err(|error| {
            if is_full_open(&error) {
                WriteFailure::Full(error.to_string())
            } else {
                WriteFailure::Broken(error.to_string())
            }
        });
        let tried = tried.and_then(|()| {
            let tried = catch_unwind(AssertUnwindSafe(|| {
                self.nonces.doubt(now_ms());
                self.engine.disk.touch()
            }));
            match tried {
                Ok(done) => done.map_err(|error| WriteFailure::of(&error)),
                Err(_) => Err(WriteFailure::Broken("its pages do not fit together".to_owned())),
            }
        });
        match tried {
            Ok(()) => {
                tracing::info!("the store takes writes again");
                self.failure = None;
                self.interrupted();
            }
            Err(failure) => self.fail(failure),
        }
    }

    /// Something may be stored that was not delivered: the nodes must compare their rooms with the history.
    fn interrupted(&self) {
        self.engine.health.send_modify(|health| health.generation += 1);
    }

    fn sweep(&mut self) {
        if self.failure.is_some() || self.swept.elapsed() < SWEEP {
            return;
        }
        let step = catch_unwind(AssertUnwindSafe(|| {
            self.sweep.step(&self.engine.disk, &self.engine.settings, now_ms())
        }));
        match step {
            Ok(Ok(idle)) => {
                // While there is something to remove, it goes on with the next turn.
                if idle {
                    self.swept = Instant::now();
                }
            }
            Ok(Err(error)) => self.fail(WriteFailure::of(&error)),
            Err(_) => self.fail(WriteFailure::Broken("its pages do not fit together".to_owned())),
        }
    }
}

fn answer(command: Command, outcome: CommandOutcome) {
    // The caller may have given up: a send that fails is no error.
    match (command, outcome) {
        (Command::Publish { answer, .. }, CommandOutcome::Published(done)) => drop(answer.send(done)),
        (Command::Put(_, answer), CommandOutcome::Put(done)) => drop(answer.send(done)),
        (Command::Take { answer, .. }, CommandOutcome::Taken(done)) => drop(answer.send(Ok(done))),
        (Command::Probe { answer }, CommandOutcome::Probed) => drop(answer.try_send(Ok(()))),
        (command, outcome) => tracing::error!(?command, ?outcome, "an answer to another question"),
    }
}

fn refuse(commands: Vec<Command>, failure: &WriteFailure) {
    for command in commands {
        match command {
            Command::Publish { answer, .. } => drop(answer.send(Err(failure.log()))),
            Command::Put(_, answer) => drop(answer.send(Err(failure.state()))),
            Command::Take { answer, .. } => drop(answer.send(Err(failure.state()))),
            Command::Probe { answer } => drop(answer.try_send(Err(failure.why()))),
        }
    }
}

/// Sends a probe the way of every write, and reports the result.
pub(super) fn probe(engine: &Engine) {
    let (answer, answered) = mpsc::sync_channel(1);
    let sent = Instant::now();
    let patience = engine.settings.probe_every.max(Duration::from_secs(2));
    let done = match engine.queue.push(Command::Probe { answer }) {
        Ok(()) => match answered.recv_timeout(patience) {
            Ok(done) => done,
            Err(_) => Err("the store does not answer".to_owned()),
        },
        Err(_) => Err("the store is closed".to_owned()),
    };
    engine.health.send_modify(|health: &mut Health| {
        health.ready = done.is_ok();
        health.reason = done.err();
        if health.ready {
            health.round_trip = Some(sent.elapsed());
            health.probed = Some(Instant::now());
        }
    });
}

/// Probes until the store is closed.
pub(super) fn keep_probing(engine: &Engine) {
    while !engine.queue.closed_within(engine.settings.probe_every) {
        probe(engine);
    }
    engine.health.send_modify(|health| {
        health.ready = false;
        health.reason = Some("the store is closed".to_owned());
    });
}
