//! Connects the scroll anchor of a log with its room: where to start, what to fetch, when the room is read.

use std::{cell::Cell, sync::Arc};

use leptos::{html, prelude::*};
use web_sys::{Element, HtmlElement};

use super::{
    geometry::Geometry,
    roving::Focus,
    scroll_anchor::{Place, ScrollAnchor, WeakScrollAnchor},
};
use crate::state::{Chat, RoomHandle, Scroll, timeline::rows::RowKey};

/// The scrolling of one log.
#[derive(Clone, Copy)]
pub(super) struct Follow {
    /// The part that scrolls.
    pub(super) log: NodeRef<html::Section>,
    /// The list in it.
    pub(super) list: NodeRef<html::Ol>,
    /// Whether the reader is at the end of the conversation.
    pub(super) at_end: RwSignal<bool>,
    /// Whether the line above the first unread message is out of sight above.
    pub(super) since_above: RwSignal<bool>,
    /// Which row has the focus.
    pub(super) focus: StoredValue<Focus, LocalStorage>,
    anchor: StoredValue<Option<ScrollAnchor>, LocalStorage>,
}

impl Follow {
    /// Starts once the elements exist, and saves the place when they are removed.
    pub(super) fn new(chat: Chat, room: &RoomHandle) -> Self {
        let follow = Self {
            log: NodeRef::new(),
            list: NodeRef::new(),
            at_end: RwSignal::new(true),
            since_above: RwSignal::new(false),
            focus: StoredValue::new_local(Focus::default()),
            anchor: StoredValue::new_local(None),
        };
        let watched = Arc::clone(room);
        Effect::new(move |_| {
            if let (Some(log), Some(list)) = (follow.log.get(), follow.list.get()) {
                follow.watch(chat, &watched, log, list.into());
            }
        });
        // Own sends and jumps go to the end. The first run only subscribes.
        let jumps = room.to_end.clone();
        Effect::new(move |before: Option<u64>| {
            let now = jumps.get();
            if before.is_some_and(|before| before != now) {
                follow.with(ScrollAnchor::to_end);
            }
            now
        });
        let left = Arc::clone(room);
        on_cleanup(move || {
            let place = follow.anchor.try_get_value().flatten().and_then(|anchor| anchor.place());
            left.keep_scroll(place.and_then(|place| scroll(&place)));
        });
        follow
    }

    /// The reader scrolled.
    pub(super) fn scrolled(self) {
        self.with(ScrollAnchor::scrolled);
    }

    /// Goes to the line above the first unread message.
    pub(super) fn to_since(self) {
        if let Some(since) = self.log.get_untracked().and_then(|log| since(&log)) {
            self.with(|anchor| anchor.to_row(&since));
        }
    }

    fn with(self, act: impl FnOnce(&ScrollAnchor)) {
        if let Some(anchor) = self.anchor.get_value() {
            act(&anchor);
        }
    }

    fn watch(self, chat: Chat, room: &RoomHandle, log: HtmlElement, list: HtmlElement) {
        let (moved_in, seen, rows) = (Arc::clone(room), log.clone(), list.clone());
        let cut = room.has_newer.clone();
        let landed = Cell::new(false);
        let moved = move |anchor: &WeakScrollAnchor, now: Geometry| {
            let room = &moved_in;
            let refocus = self.focus.try_update_value(|focus| focus.keep(&rows)).flatten();
            // An element that cannot take the focus leaves it where it is.
            drop(refocus.map(|row| row.focus()));
            if !landed.get() {
                if room.loaded.get_untracked() {
                    landed.set(true);
                    land(anchor, room, &rows);
                }
                return;
            }
            let end = now.at_end() && !room.has_newer.get_untracked();
            self.at_end.set(end);
            self.since_above.set(is_above(&seen));
            chat.set_at_end(end);
            fetch(chat, room, now);
        };
        let anchor = ScrollAnchor::new(log, list, move || !cut.get_untracked(), moved);
        anchor.settle();
        self.anchor.set_value(Some(anchor));
    }
}

/// Scrolls a room that comes on the screen: to where it was left, else to the first unread message, else to the end.
fn land(anchor: &WeakScrollAnchor, room: &RoomHandle, list: &Element) {
    let Some(anchor) = anchor.upgrade() else { return };
    match (room.kept_scroll().and_then(place), since(list)) {
        (Some(place), _) => anchor.restore(&place),
        (None, Some(since)) => anchor.to_row(&since),
        (None, None) => anchor.to_end(),
    }
}

fn fetch(chat: Chat, room: &RoomHandle, now: Geometry) {
    if now.near_start() && room.has_older.get_untracked() && !room.loading_older.get_untracked() {
        chat.load_older();
    }
    if now.near_end() && room.has_newer.get_untracked() && !room.loading_newer.get_untracked() {
        chat.load_newer();
    }
}

fn since(list: &Element) -> Option<HtmlElement> {
    use wasm_bindgen::JsCast as _;
    list.query_selector(".since").ok().flatten()?.dyn_into().ok()
}

fn is_above(log: &Element) -> bool {
    since(log)
        .is_some_and(|since| since.get_bounding_client_rect().bottom() < log.get_bounding_client_rect().top())
}

/// From the anchor's element to the state's row: the id of a message's element is made from its row.
fn scroll(place: &Place) -> Option<Scroll> {
    let id = place.id.strip_prefix('m')?.parse().ok()?;
    Some(Scroll { row: RowKey::Message(id), offset: place.below })
}

fn place(scroll: Scroll) -> Option<Place> {
    match scroll.row {
        RowKey::Message(id) => Some(Place { id: format!("m{id}"), below: scroll.offset }),
        RowKey::Day(..) | RowKey::Since | RowKey::Break(_) => None,
    }
}
