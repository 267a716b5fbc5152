//! Removes what is too old or too much, in small pieces, so that no commit becomes long.
//!
//! A publish trims its own room; a slow sweep looks at the quiet rooms and at records that expired.

use redb::{ReadableTable, Table};
use shared::limits::NONCE_WINDOW;

use super::{
    disk::Disk,
    settings::EmbeddedSettings,
    tables::{ENTRIES, EntryRow, ROOMS, RoomHead, STATE, live},
};
use crate::clock::millis;

/// Most entries that are removed per publish and per room of a sweep.
const CHUNK: u64 = 64;

/// Rooms and records that one step of the sweep looks at.
const STEP: usize = 256;

/// How long an empty room outlives its last entry, in milliseconds.
const FORGET_MS: u64 = 7 * 24 * 3600 * 1000;

/// Trims a room, which keeps `max` entries, after `published` ones were added to it.
pub(super) fn room(
    entries: &mut Table<'_, (&'static str, u64), EntryRow<'static>>,
    room: &str,
    head: &mut RoomHead,
    (published, max): (u64, u64),
    settings: &EmbeddedSettings,
    now_ms: u64,
) -> Result<(), redb::Error> {
    let most = published.saturating_mul(CHUNK);
    // Readers do not see what is beyond the count, so it may wait until a chunk of neighbours goes together.
    // And an entry stays for the nonce window, so that its nonce is still known after a restart.
    let excess = head.kept(entries, room, max, settings.young_since(max, now_ms))? - head.first;
    if excess >= CHUNK {
        let gone = older(entries, room, head, excess.min(most), now_ms.saturating_sub(millis(NONCE_WINDOW)))?;
        remove(entries, room, head, gone)?;
    }
    // The age is looked at once per chunk, which spares a busy room a look-up per publish.
    if published >= CHUNK || head.next % CHUNK < published {
        let gone = older(entries, room, head, most.max(4 * CHUNK), too_old(settings, now_ms))?;
        remove(entries, room, head, gone)?;
    }
    Ok(())
}

fn remove(
    entries: &mut Table<'_, (&'static str, u64), EntryRow<'static>>,
    room: &str,
    head: &mut RoomHead,
    count: u64,
) -> Result<(), redb::Error> {
    for number in head.first..head.first + count {
        entries.remove((room, number))?;
    }
    head.first += count;
    Ok(())
}

/// When an entry must have been stored to be kept.
fn too_old(settings: &EmbeddedSettings, now_ms: u64) -> u64 {
    now_ms.saturating_sub(millis(settings.history_age.max(NONCE_WINDOW)))
}

/// How many of the oldest entries were stored before `since`, at most `most`.
fn older(
    entries: &impl ReadableTable<(&'static str, u64), EntryRow<'static>>,
    room: &str,
    head: &RoomHead,
    most: u64,
    since: u64,
) -> Result<u64, redb::Error> {
    let mut count = 0;
    for row in entries.range((room, head.first)..(room, head.next))? {
        if count >= most || row?.1.value().0 >= since {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// Where the sweep stands.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    room: String,
    record: (String, String),
}

/// What a step found: rooms with old entries, and records that ended.
#[derive(Debug, Default)]
struct Found {
    rooms: Vec<String>,
    records: Vec<(String, String)>,
}

impl Sweep {
    /// Looks at the next rooms and records, and commits only if there is something to remove.
    /// Whether it found nothing, so that there is no hurry with the next step.
    pub(super) fn step(
        &mut self,
        disk: &Disk,
        settings: &EmbeddedSettings,
        now_ms: u64,
    ) -> Result<bool, redb::Error> {
        let found = self.look(disk, settings, now_ms)?;
        if found.rooms.is_empty() && found.records.is_empty() {
            return Ok(true);
        }
        let transaction = disk.begin_write()?;
        {
            let mut entries = transaction.open_table(ENTRIES)?;
            let mut rooms = transaction.open_table(ROOMS)?;
            for room in &found.rooms {
                let Some(mut head) = RoomHead::read(&rooms, room)? else { continue };
                let gone = older(&entries, room, &head, CHUNK, too_old(settings, now_ms))?;
                remove(&mut entries, room, &mut head, gone)?;
                if forgettable(&head, settings, now_ms) {
                    rooms.remove(room.as_str())?;
                } else {
                    rooms.insert(room.as_str(), head.row())?;
                }
            }
            let mut state = transaction.open_table(STATE)?;
            for (kind, name) in &found.records {
                state.remove((kind.as_str(), name.as_str()))?;
            }
        }
        transaction.commit()?;
        Ok(false)
    }

    fn look(&mut self, disk: &Disk, settings: &EmbeddedSettings, now_ms: u64) -> Result<Found, redb::Error> {
        let mut found = Found::default();
        let transaction = disk.begin_read()?;
        let entries = transaction.open_table(ENTRIES)?;
        let rooms = transaction.open_table(ROOMS)?;
        let (mut last, mut seen) = (None, 0);
        for row in rooms.range(self.room.as_str()..)?.take(STEP) {
            let (room, head) = row?;
            let (room, head) = (room.value(), RoomHead::from_row(head.value()));
            last = Some(format!("{room}\0"));
            seen += 1;
            if older(&entries, room, &head, 1, too_old(settings, now_ms))? > 0
                || forgettable(&head, settings, now_ms)
            {
                found.rooms.push(room.to_owned());
            }
        }
        // At the end it begins again; a room with much to remove is met again in the next round.
        self.room = last.filter(|_| seen == STEP).unwrap_or_default();
        let (mut last, mut seen) = (None, 0);
        let state = transaction.open_table(STATE)?;
        for row in state.range((self.record.0.as_str(), self.record.1.as_str())..)?.take(STEP) {
            let (key, row) = row?;
            let (kind, name) = key.value();
            last = Some((kind.to_owned(), format!("{name}\0")));
            seen += 1;
            // Rights never end by themselves: the room's head repeats their version.
            if !live(row.value().1, now_ms) && kind != crate::broker::Kind::Rights.as_str() {
                found.records.push((kind.to_owned(), name.to_owned()));
            }
        }
        self.record = last.filter(|_| seen == STEP).unwrap_or_default();
        Ok(found)
    }
}

fn forgettable(head: &RoomHead, settings: &EmbeddedSettings, now_ms: u64) -> bool {
    let until = head.stored.saturating_add(millis(settings.history_age)).saturating_add(FORGET_MS);
    head.first == head.next && head.rights == 0 && until < now_ms
}

#[cfg(test)]
mod tests;
