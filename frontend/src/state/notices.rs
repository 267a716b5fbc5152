//! What the page says outside the log: the banner, the title of the tab, the announcements for screen readers.

use leptos::prelude::*;

use super::{banner::Banner, room_state::put, store::Store};
use crate::markup::visible;

impl Store {
    /// Announces a text to screen readers, even if it equals the text before.
    pub(super) fn announce(&self, text: &str) {
        let same = self.signals.announcement.with_untracked(|before| before == text);
        // Screen readers read changes only; a silent space makes it a change.
        self.signals.announcement.set(if same { format!("{text}\u{a0}") } else { text.to_owned() });
    }

    pub(super) fn show_banner(&self, now: u64) {
        let banner = self.watch.banner(now);
        let (before, is) = (self.signals.banner.with_untracked(Option::is_some), banner.is_some());
        match &banner {
            Some(Banner::Back { missed: 0 }) => self.announce_new("Back online"),
            Some(Banner::Back { missed }) => {
                self.announce_new(&format!("Back online, {missed} missed messages loaded"));
            }
            Some(_) if is && !before => self.announce("Connection lost"),
            _ => {}
        }
        put(self.signals.banner, banner);
    }

    /// Announces a text unless it equals the text before.
    fn announce_new(&self, text: &str) {
        if self.signals.announcement.with_untracked(|before| before.trim_end() != text) {
            self.announce(text);
        }
    }

    pub(super) fn show_title(&self) {
        let unread: usize = self.rooms.values().map(|state| state.signals.unread.get_untracked()).sum();
        let room =
            self.current.as_ref().map(|room| format!("#{} · ", visible(room.as_str()))).unwrap_or_default();
        let count = if unread > 0 { format!("({unread}) ") } else { String::new() };
        let title = format!("{count}{room}Hubbub");
        if self.signals.title.with_untracked(|before| *before != title) {
            self.platform.show_title(&title);
            self.signals.title.set(title);
        }
    }
}
