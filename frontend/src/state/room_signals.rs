//! The signals of one joined room.

use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::*;
use shared::{error::ErrorCode, person::Person, text::Room};

use super::timeline::rows::{Row, RowKey};

/// A joined room; cheap to clone, equal only to itself.
pub type RoomHandle = Arc<RoomSignals>;

/// A row with its signal. The list of handles changes when rows come and go, the signal when this row changes.
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

/// The signals of one joined room. The view reads them and changes them only through `Chat`.
#[derive(Debug)]
pub struct RoomSignals {
    room: Room,
    /// The rows of the log, oldest first: at most 320 messages and the lines between.
    pub rows: ArcRwSignal<Vec<RowHandle>>,
    /// The server has answered: an empty log is an empty room.
    pub loaded: ArcRwSignal<bool>,
    /// Why the server refuses this person, while it does.
    pub refused: ArcRwSignal<Option<ErrorCode>>,
    /// There are messages older than the first row.
    pub has_older: ArcRwSignal<bool>,
    /// There are messages newer than the last row: the newest are not shown.
    pub has_newer: ArcRwSignal<bool>,
    /// Older messages are on their way.
    pub loading_older: ArcRwSignal<bool>,
    /// Newer messages are on their way.
    pub loading_newer: ArcRwSignal<bool>,
    /// Unread messages of others: the number in the list of rooms.
    pub unread: ArcRwSignal<usize>,
    /// Messages that arrived below the screen since the reader left the end: the number in the pill.
    pub below: ArcRwSignal<usize>,
    /// The text in the composer. `Chat::set_draft` changes it, a send empties it.
    pub draft: ArcRwSignal<String>,
    /// The people here whom the server names, sorted by name.
    pub people: ArcRwSignal<Vec<Person>>,
    /// How many people are here.
    pub here: ArcRwSignal<u64>,
    /// Counts own sends and jumps: at each change the view goes to the end.
    pub to_end: ArcRwSignal<u64>,
    scroll: Mutex<Option<Scroll>>,
}

impl RoomSignals {
    /// A room without any content.
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

    /// Saves where the reader is; `None` at the end of the log. The view calls it before it shows another room.
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
