//! Announcements of new messages to screen readers, no faster than people can listen.

use std::collections::VecDeque;

/// Most messages that are read out within [`SPAN_MS`]; the others are counted.
const EACH: usize = 3;

/// See [`EACH`]. Milliseconds.
const SPAN_MS: u64 = 2000;

/// Longest part of a message that is read out, in characters.
const LONGEST: usize = 240;

/// Decides what is announced. Times are on the steady clock.
#[derive(Debug, Default)]
pub(super) struct Announcer {
    /// When the last messages were read out.
    said: VecDeque<u64>,
    /// How many were only counted since.
    held: usize,
}

impl Announcer {
    /// A message of somebody else arrived in the open room. Returns what to announce now.
    pub(super) fn message(&mut self, name: &str, body: &str, now: u64) -> Option<String> {
        while self.said.front().is_some_and(|at| now >= at + SPAN_MS) {
            self.said.pop_front();
        }
        if self.held > 0 || self.said.len() >= EACH {
            self.held += 1;
            return None;
        }
        self.said.push_back(now);
        let cut = body.char_indices().nth(LONGEST).map_or(body.len(), |(at, _)| at);
        let more = if cut < body.len() { "…" } else { "" };
        Some(format!("{name}: {}{more}", &body[..cut]))
    }

    /// When [`flush`](Self::flush) has something to announce.
    pub(super) fn due(&self) -> Option<u64> {
        let last = self.said.back().copied().unwrap_or_default();
        (self.held > 0).then_some(last + SPAN_MS)
    }

    /// Announces the number of messages that were only counted.
    pub(super) fn flush(&mut self, room: &str, now: u64) -> Option<String> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        let text = match std::mem::take(&mut self.held) {
            1 => format!("1 new message in {room}"),
            count => format!("{count} new messages in {room}"),
        };
        self.said.clear();
        self.said.push_back(now);
        Some(text)
    }

    /// Another room is open: forgets what was counted.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_counted() {
        let mut announcer = Announcer::default();
        for (now, expected) in
            [(0, Some("Ana: hi")), (10, Some("Ana: hi")), (20, Some("Ana: hi")), (30, None), (2015, None)]
        {
            assert_eq!(announcer.message("Ana", "hi", now).as_deref(), expected, "{now}");
        }
        assert_eq!(announcer.due(), Some(2020));
        assert_eq!(announcer.flush("general", 2019), None);
        assert_eq!(announcer.flush("general", 2020).as_deref(), Some("2 new messages in general"));
        assert_eq!(announcer.flush("general", 9000), None);
        assert_eq!(announcer.message("Ana", "hi", 2021).as_deref(), Some("Ana: hi"));
        announcer.message("Ana", "hi", 2021);
        announcer.message("Ana", "hi", 2021);
        assert_eq!(announcer.flush("general", 4100).as_deref(), Some("1 new message in general"));
    }

    #[test]
    fn long_messages_are_cut() {
        let text = Announcer::default().message("Ana", &"é".repeat(1000), 0).unwrap();
        assert_eq!(text.chars().count(), 5 + 240 + 1);
    }
}
