//! The signals of the page, which the view follows.

use leptos::prelude::*;
use shared::text::{Name, UserId};

use super::{banner::Banner, room_signals::RoomHandle};
use crate::{net::machine::Status, time::Day};

/// The person at this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Their display name.
    pub name: Name,
    /// Their id, once a server assigned it.
    pub user: Option<UserId>,
}

/// What the page knows about its connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// What it is doing.
    pub status: Status,
    /// The last measured round trip to the node, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// The node that answers.
    pub node: Option<String>,
    /// Whether that node says that it can take and deliver messages.
    pub ready: bool,
}

/// Everything that the view follows beside the rooms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signals {
    pub(super) me: RwSignal<Option<Me>>,
    pub(super) forgotten: RwSignal<bool>,
    pub(super) rooms: RwSignal<Vec<RoomHandle>>,
    pub(super) current: RwSignal<Option<RoomHandle>>,
    pub(super) link: RwSignal<Link>,
    pub(super) banner: RwSignal<Option<Banner>>,
    pub(super) waiting: RwSignal<usize>,
    pub(super) announcement: RwSignal<String>,
    pub(super) alarm: RwSignal<String>,
    pub(super) title: RwSignal<String>,
    pub(super) today: RwSignal<Day>,
}

impl Signals {
    /// The signals of a page before its first connection.
    pub(super) fn new(today: Day) -> Self {
        Self {
            me: RwSignal::new(None),
            forgotten: RwSignal::new(false),
            rooms: RwSignal::new(Vec::new()),
            current: RwSignal::new(None),
            link: RwSignal::new(Link { ready: true, ..Link::default() }),
            banner: RwSignal::new(None),
            waiting: RwSignal::new(0),
            announcement: RwSignal::new(String::new()),
            alarm: RwSignal::new(String::new()),
            title: RwSignal::new(String::new()),
            today: RwSignal::new(today),
        }
    }
}
