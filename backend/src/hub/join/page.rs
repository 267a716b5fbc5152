//! What a joining member sees first: a run of the history, cut where what is delivered live begins. Pure.

use std::sync::Arc;

use shared::{limits, text::Position};

use crate::{
    broker::Run,
    hub::{encoded::EncodedEntry, ring::Ring},
};

/// Most bytes of records in one page; a client that missed more gets the newest page instead.
pub(crate) const PAGE_BYTES: usize = 1 << 20;

/// A run that ends where the room stood when the member entered.
#[derive(Debug)]
pub(super) struct Page {
    /// Oldest first.
    pub(super) entries: Vec<Arc<EncodedEntry>>,
    /// It is exactly what came after the client's last position.
    pub(super) recovered: bool,
    /// The history has entries before the first of these.
    pub(super) older: bool,
}

/// What was found for a member that entered at a position.
#[derive(Debug)]
pub(super) enum Found {
    /// Its page.
    Page(Page),
    /// The room's position is not in the history, or the client's is newer: the node has to look again.
    Moved,
}

/// What came after `since`, from the recent entries; `None` when they cannot tell, or it is too much for them.
pub(super) fn resumed_from_ring(ring: &Ring, position: &Position, since: &Position) -> Option<Found> {
    if since == position {
        let older = !position.is_start();
        return Some(Found::Page(Page { entries: Vec::new(), recovered: true, older }));
    }
    let entries = ring.after(since)?;
    // What nobody keeps is for those who were there: they know a position of it, and everybody knows the beginning.
    if since.is_start() && entries.iter().any(|encoded| encoded.entry.record.is_passing()) {
        return None;
    }
    let fits = entries.len() <= limits::RECOVERY_MAX && bytes(&entries) <= PAGE_BYTES;
    // The entry at `since` is older, unless it is no entry or its room keeps nothing.
    let older = !since.is_start() && entries.iter().all(|encoded| !encoded.entry.record.is_passing());
    if fits { resumed(entries, older, false, position) } else { None }
}

/// What came after `since`, from a run that was read after it; `None` when it cannot be proved complete.
pub(super) fn resumed_from_log(run: Run, position: &Position) -> Option<Found> {
    let (older, newer) = (run.older, run.newer);
    if run.found { resumed(encoded(run), older, newer, position) } else { None }
}

/// The newest entries, from the recent ones; `None` when they cannot tell.
pub(super) fn newest_from_ring(ring: &Ring, position: &Position) -> Option<Found> {
    if position.is_start() {
        return Some(Found::Page(Page { entries: Vec::new(), recovered: false, older: false }));
    }
    let (entries, older) = ring.newest(limits::PAGE)?;
    reaches(&entries, position).then(|| Found::Page(Page::through(entries, position, false, older)))
}

/// The newest entries, from a run that was read up to the room's position.
pub(super) fn newest_from_log(run: Run, position: &Position) -> Found {
    if !run.found {
        return Found::Moved;
    }
    let older = run.older;
    Found::Page(Page::through(encoded(run), position, false, older))
}

/// All up to the room's position went by its age, and nothing behind it is missing.
pub(super) fn all_gone() -> Found {
    Found::Page(Page { entries: Vec::new(), recovered: false, older: false })
}

/// `older` and `newer`: the history has more before the entries, and after them.
fn resumed(entries: Vec<Arc<EncodedEntry>>, older: bool, newer: bool, position: &Position) -> Option<Found> {
    if reaches(&entries, position) {
        Some(Found::Page(Page::through(entries, position, true, older)))
    } else if newer {
        None
    } else {
        // The client has seen more than this node had when it entered: it came from one that is ahead.
        Some(Found::Moved)
    }
}

impl Page {
    /// Cut after `position`: what follows it is delivered live.
    fn through(
        mut entries: Vec<Arc<EncodedEntry>>,
        position: &Position,
        recovered: bool,
        older: bool,
    ) -> Self {
        if let Some(at) = entries.iter().position(|encoded| encoded.entry.position == *position) {
            entries.truncate(at + 1);
        }
        let mut page = Self { entries, recovered, older };
        if !recovered {
            page.leave_out_what_passed();
            page.cut();
        }
        page
    }

    /// What was said in a room that keeps nothing is for those who were there.
    fn leave_out_what_passed(&mut self) {
        if let Some(at) = self.entries.iter().rposition(|encoded| encoded.entry.record.is_passing()) {
            self.entries.drain(..=at);
            self.older = false;
        }
    }

    /// Keeps the newest entries that fit into one page.
    fn cut(&mut self) {
        let mut bytes = 0;
        let fitting = self.entries.iter().rev().take_while(|encoded| {
            bytes += encoded.entry.record.wire().len();
            bytes <= PAGE_BYTES
        });
        let surplus = self.entries.len() - fitting.count().max(1).min(self.entries.len());
        if surplus > 0 {
            self.entries.drain(..surplus);
            self.older = true;
        }
    }
}

fn reaches(entries: &[Arc<EncodedEntry>], position: &Position) -> bool {
    entries.iter().any(|encoded| encoded.entry.position == *position)
}

fn bytes(entries: &[Arc<EncodedEntry>]) -> usize {
    entries.iter().map(|encoded| encoded.entry.record.wire().len()).sum()
}

fn encoded(run: Run) -> Vec<Arc<EncodedEntry>> {
    run.entries.into_iter().map(|entry| Arc::new(EncodedEntry::new(entry))).collect()
}

#[cfg(test)]
mod tests;
