//! What one commit does: commands applied in their order to one transaction.

use std::{
    collections::{HashMap, hash_map},
    time::Duration,
};

use bytes::Bytes;
use redb::{ReadableTable, Table, WriteTransaction};
use shared::text::{Nonce, Room};

use super::{
    nonces::Nonces,
    queue::{Command, Put},
    settings::EmbeddedSettings,
    tables::{
        ENTRIES, EntryRow, HeadRow, ROOMS, RoomHead, STATE, StateRow, keep, live, position, split, tag,
    },
    trim,
};
use crate::broker::{BrokerError, Change, Draft, Key, Record, StateError, Stored, StoredEntry, Versioned};
use crate::clock::millis;

/// The result of a command, if the commit succeeds.
#[derive(Debug)]
pub(super) enum CommandOutcome {
    Published(Result<Stored, BrokerError>),
    Put(Result<u64, StateError>),
    Taken(Option<Versioned>),
    Probed,
}

/// What the commands did to the transaction.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// One per command.
    pub(super) outcomes: Vec<CommandOutcome>,
    /// The new entries by room, each room's in chain order.
    pub(super) entries: Vec<(Room, Vec<StoredEntry>)>,
    /// One thing that the file has if and only if the commit reached it. `None`: nothing was written.
    pub(super) witness: Option<Witness>,
}

/// See [`Effects::witness`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Witness {
    Entry { room: Room, number: u64, nonce: Nonce },
    Written { key: Key, version: u64 },
    Gone { key: Key },
}

impl Witness {
    /// Whether the commit reached the file after all.
    pub(super) fn seen(&self, transaction: &redb::ReadTransaction) -> Result<bool, redb::Error> {
        let version = |key: &Key| -> Result<Option<u64>, redb::Error> {
            let row = transaction.open_table(STATE)?.get((key.kind().as_str(), key.name()))?;
            Ok(row.map(|row| row.value().0))
        };
        match self {
            Self::Entry { room, number, nonce } => {
                let row = transaction.open_table(ENTRIES)?.get((room.as_str(), *number))?;
                Ok(row.is_some_and(|row| row.value().4 == nonce.as_str()))
            }
            Self::Written { key, version: written } => Ok(version(key)? == Some(*written)),
            Self::Gone { key } => Ok(version(key)?.is_none()),
        }
    }
}

/// Applies the commands. On an error the transaction is to be dropped and the nonces are as they were.
pub(super) fn apply(
    transaction: &WriteTransaction,
    commands: &[Command],
    nonces: &mut Nonces,
    settings: &EmbeddedSettings,
    now_ms: u64,
) -> Result<Effects, redb::Error> {
    let mut batch = Commit {
        entries: transaction.open_table(ENTRIES)?,
        rooms: transaction.open_table(ROOMS)?,
        state: transaction.open_table(STATE)?,
        nonces,
        settings,
        now_ms,
        touched: HashMap::new(),
        effects: Effects::default(),
    };
    let done = batch.run(commands);
    let Commit { nonces, effects, .. } = batch;
    match done {
        Ok(()) => Ok(effects),
        Err(error) => {
            nonces.withdraw();
            Err(error)
        }
    }
}

struct Commit<'a> {
    entries: Table<'a, (&'static str, u64), EntryRow<'static>>,
    rooms: Table<'a, &'static str, HeadRow<'static>>,
    state: Table<'a, (&'static str, &'static str), StateRow<'static>>,
    nonces: &'a mut Nonces,
    settings: &'a EmbeddedSettings,
    now_ms: u64,
    /// Heads are read once and written once per commit.
    touched: HashMap<Room, (RoomHead, Vec<StoredEntry>)>,
    effects: Effects,
}

impl Commit<'_> {
    fn run(&mut self, commands: &[Command]) -> Result<(), redb::Error> {
        for command in commands {
            let outcome = match command {
                Command::Publish { room, draft, .. } => CommandOutcome::Published(self.publish(room, draft)?),
                Command::Put(put, _) => CommandOutcome::Put(self.put(put)?),
                Command::Take { key, .. } => CommandOutcome::Taken(self.take(key)?),
                Command::Probe { .. } => CommandOutcome::Probed,
            };
            self.effects.outcomes.push(outcome);
        }
        for (room, (mut head, entries)) in std::mem::take(&mut self.touched) {
            if !entries.is_empty() {
                let published = entries.len() as u64;
                let max = keep(&self.state, room.as_str(), self.settings.history_max)?;
                trim::room(
                    &mut self.entries,
                    room.as_str(),
                    &mut head,
                    (published, max),
                    self.settings,
                    self.now_ms,
                )?;
                self.rooms.insert(room.as_str(), head.row())?;
                self.effects.entries.push((room, entries));
            }
        }
        Ok(())
    }

    fn publish(&mut self, room: &Room, draft: &Draft) -> Result<Result<Stored, BrokerError>, redb::Error> {
        if self.nonces.is_unread(room) {
            let head = self.head(room)?.clone();
            self.nonces.read(room, &head, &self.entries)?;
        }
        let key = self.nonces.key(room.as_str(), draft.sender.as_str(), draft.nonce.as_str());
        if let Some(number) = self.nonces.get(key)
            && self.is_entry(room, number, draft)?
        {
            let position = position(number, tag(draft.nonce.as_str()));
            return Ok(Ok(Stored { position, n: None, duplicate: true }));
        }
        let rights = self.head(room)?.rights;
        if rights != draft.rights {
            return Ok(Err(BrokerError::Stale(rights)));
        }
        if self.nonces.len() >= self.settings.nonces_max {
            return Ok(Err(BrokerError::Overloaded));
        }
        if let Some(change) = &draft.amends
            && !self.amend(room, change)?
        {
            return Ok(Err(BrokerError::Gone));
        }
        let now_ms = self.now_ms;
        let passing = keep(&self.state, room.as_str(), self.settings.history_max)? == 0;
        let head = self.head(room)?;
        let number = head.next;
        let before = std::mem::replace(&mut head.tag, tag(draft.nonce.as_str()).to_owned());
        head.next += 1;
        head.n += u64::from(draft.counts && draft.amends.is_none());
        head.stored = now_ms;
        let entry = StoredEntry {
            position: head.position(),
            prev: position(number - 1, &before),
            n: head.n,
            record: if passing { draft.record.clone().passing() } else { draft.record.clone() },
            change: draft.amends.clone(),
        };
        let (sender, nonce) = (draft.sender.as_str(), draft.nonce.as_str());
        // A room that keeps nothing has its nonces, and no text.
        let wire: &[u8] = if passing { &[] } else { draft.record.wire() };
        let row = (now_ms, entry.n, before.as_str(), sender, nonce, wire);
        self.entries.insert((room.as_str(), number), row)?;
        self.nonces.insert(key, number);
        // The newest entry: the same commit may trim an earlier one.
        let witness = Witness::Entry { room: room.clone(), number, nonce: draft.nonce.clone() };
        self.effects.witness = Some(witness);
        let stored = Stored { position: entry.position.clone(), n: Some(entry.n), duplicate: false };
        if let Some((_, entries)) = self.touched.get_mut(room) {
            entries.push(entry);
        }
        Ok(Ok(stored))
    }

    /// Replaces the record of an entry. False if the entry is not there.
    fn amend(&mut self, room: &Room, change: &Change) -> Result<bool, redb::Error> {
        let max = keep(&self.state, room.as_str(), self.settings.history_max)?;
        let head = self.head(room)?.clone();
        let young_since = self.settings.young_since(max, self.now_ms);
        let kept = head.kept(&self.entries, room.as_str(), max, young_since)?..head.next;
        let Some((number, _)) = split(&change.position).filter(|(number, _)| kept.contains(number)) else {
            return Ok(false);
        };
        let Some((stored, n, before, sender, nonce)) =
            self.entries.get((room.as_str(), number))?.and_then(|row| {
                let (stored, n, before, sender, nonce, record) = row.value();
                let same = position(number, tag(nonce)) == change.position;
                let amendment = Record::parse(Bytes::copy_from_slice(record)).amends().is_some();
                (same && !amendment)
                    .then(|| (stored, n, before.to_owned(), sender.to_owned(), nonce.to_owned()))
            })
        else {
            return Ok(false);
        };
        let record = change.record.wire().as_ref();
        let row = (stored, n, before.as_str(), sender.as_str(), nonce.as_str(), record);
        self.entries.insert((room.as_str(), number), row)?;
        Ok(true)
    }

    /// Whether the entry is the draft's: the index has only a hash. An entry that was trimmed counts as the draft's.
    fn is_entry(&self, room: &Room, number: u64, draft: &Draft) -> Result<bool, redb::Error> {
        Ok(self.entries.get((room.as_str(), number))?.is_none_or(|row| {
            let (_, _, _, sender, nonce, _) = row.value();
            sender == draft.sender.as_str() && nonce == draft.nonce.as_str()
        }))
    }

    fn head(&mut self, room: &Room) -> Result<&mut RoomHead, redb::Error> {
        match self.touched.entry(room.clone()) {
            hash_map::Entry::Occupied(touched) => Ok(&mut touched.into_mut().0),
            hash_map::Entry::Vacant(vacant) => {
                let head = RoomHead::read(&self.rooms, room.as_str())?.unwrap_or_default();
                Ok(&mut vacant.insert((head, Vec::new())).0)
            }
        }
    }

    fn put(&mut self, put: &Put) -> Result<Result<u64, StateError>, redb::Error> {
        let Put { key, expect, value, expires } = put;
        let row_key = (key.kind().as_str(), key.name());
        let (last, current) = match self.state.get(row_key)?.map(|row| (row.value().0, row.value().1)) {
            Some((version, end)) if live(end, self.now_ms) => (version, version),
            Some((version, _)) => (version, 0),
            None => (0, 0),
        };
        if expect.is_some_and(|expect| expect != current) {
            return Ok(Err(StateError::Conflict(current)));
        }
        let mut version = last + 1;
        if let Key::Rights(room) = key {
            version = version.max(self.head(room)?.rights + 1);
            self.set_rights(room, version)?;
        }
        let end = expires.map_or(0, |expires: Duration| self.now_ms.saturating_add(millis(expires)).max(1));
        self.state.insert(row_key, (version, end, value.as_ref()))?;
        // The last write of a key is what the file shows, so an earlier one of the same batch is no witness.
        if self.effects.witness.as_ref().is_none_or(|witness| !matches!(witness, Witness::Entry { .. })) {
            self.effects.witness = Some(Witness::Written { key: key.clone(), version });
        }
        Ok(Ok(version))
    }

    fn take(&mut self, key: &Key) -> Result<Option<Versioned>, redb::Error> {
        let row = self.state.remove((key.kind().as_str(), key.name()))?;
        let Some((version, end, value)) = row.map(|row| {
            let (version, end, value) = row.value();
            (version, end, Bytes::copy_from_slice(value))
        }) else {
            return Ok(None);
        };
        if let Key::Rights(room) = key {
            self.set_rights(room, 0)?;
        }
        if self.effects.witness.as_ref().is_none_or(|witness| !matches!(witness, Witness::Entry { .. })) {
            self.effects.witness = Some(Witness::Gone { key: key.clone() });
        }
        Ok(live(end, self.now_ms).then_some(Versioned { version, value }))
    }

    /// Drafts later in this batch see it too.
    fn set_rights(&mut self, room: &Room, version: u64) -> Result<(), redb::Error> {
        let head = self.head(room)?;
        head.rights = version;
        let head = head.clone();
        // Written at once: a room without new entries is not written at the end.
        self.rooms.insert(room.as_str(), head.row())?;
        Ok(())
    }
}
