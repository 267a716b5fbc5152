//! One joined room, as signals.

use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::*;
use shared::{error::ErrorCode, person::Person, text::Room};

use super::timeline::rows::{Row, RowKey};

/// A joined room; cheap to clone, equal only to itself.
pub type RoomHandle = Arc<RoomSignals>;

/// A row with its signal: the list changes when rows come and go, the signal when this row changes.
/// `<For each=move || rows.get() key=|handle| handle.key …/>`.
#[derive(Debug, Clone)]
pub struct RowHandle {
    /// See [`RowKey`].
    pub key: RowKey,
    /// What the row shows.
    pub row: ArcRwSignal<Row>,
}

/// Where the reader was in a log: a row and how far its top was below the top of the log, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scroll {
    /// The first row that was on the screen.
    pub row: RowKey,
    /// Negative when the row began above.
    pub offset: f64,
}

/// The signals of one joined room. The view reads them and writes none but through `Chat`.
#[derive(Debug)]
pub struct RoomSignals {
    room: Room,
    /// The rows of the log, oldest first: at most 320 messages and the lines between.
    pub rows: ArcRwSignal<Vec<RowHandle>>,
    /// The first answer of the server is here: an empty log is an empty room.
    pub loaded: ArcRwSignal<bool>,
    /// Why the server does not let this person in, as long as it does not.
    pub refused: ArcRwSignal<Option<ErrorCode>>,
    /// There are messages older than the first row.
    pub has_older: ArcRwSignal<bool>,
    /// There are messages newer than the last row: the newest are not shown.
    pub has_newer: ArcRwSignal<bool>,
    /// Older messages are on their way.
    pub loading_older: ArcRwSignal<bool>,
    /// Newer messages are on their way.
    pub loading_newer: ArcRwSignal<bool>,
    /// Messages of others that were not read: the number in the list of rooms.
    pub unread: ArcRwSignal<usize>,
    /// Messages that arrived below the screen since its end was left: the number in the pill. "99+" from 100.
    pub below: ArcRwSignal<usize>,
    /// What stands in the field. Changed by `Chat::set_draft` and emptied by a send.
    pub draft: ArcRwSignal<String>,
    /// Who is here, as far as the server tells names, in the order of their names.
    pub people: ArcRwSignal<Vec<Person>>,
    /// How many are here.
    pub here: ArcRwSignal<u64>,
    /// Counts the times that the view should go to the end whatever the reader was looking at: own sends and
    /// jumps. React to a change, not to the value.
    pub to_end: ArcRwSignal<u64>,
    scroll: Mutex<Option<Scroll>>,
}

impl RoomSignals {
    /// A room of which nothing is known yet.
    pub fn new(room: Room) -> Self {
        Self {
            room,
            rows: ArcRwSignal::default(),
            loaded: ArcRwSignal::default(),
            refused: ArcRwSignal::default(),
            has_older: ArcRwSignal::default(),
            has_newer: ArcRwSignal::default(),
            loading_older: ArcRwSignal::default(),
            loading_newer: ArcRwSignal::default(),
            unread: ArcRwSignal::default(),
            below: ArcRwSignal::default(),
            draft: ArcRwSignal::default(),
            people: ArcRwSignal::default(),
            here: ArcRwSignal::default(),
            to_end: ArcRwSignal::default(),
            scroll: Mutex::new(None),
        }
    }

    /// Its name.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Keeps where the reader is; `None` at the end of the log. Call it before another room is shown.
    pub fn keep_scroll(&self, scroll: Option<Scroll>) {
        *self.scroll.lock().unwrap_or_else(PoisonError::into_inner) = scroll;
    }

    /// Where the reader was. `None`: go to the "New since" line if there is one, else to the end.
    pub fn kept_scroll(&self) -> Option<Scroll> {
        *self.scroll.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for RoomSignals {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for RoomSignals {}
