//! Where the reader is, and where the log must scroll to after a change. Pure numbers.

/// Largest distance from the end that counts as the end, in CSS pixels.
pub(super) const NEAR_END: f64 = 100.0;

/// Least distance from an end of the list at which more messages are fetched, in CSS pixels.
pub(super) const FETCH: f64 = 1000.0;

/// Heights of the log, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Geometry {
    /// The height of the whole content.
    pub(super) content: f64,
    /// The height of the visible part.
    pub(super) view: f64,
    /// The height of what is hidden above.
    pub(super) top: f64,
}

impl Geometry {
    /// The largest `top`.
    pub(super) fn end(self) -> f64 {
        (self.content - self.view).max(0.0)
    }

    /// Whether the reader follows the conversation.
    pub(super) fn at_end(self) -> bool {
        self.end() - self.top <= NEAR_END
    }

    /// Whether newer messages must be fetched, if there are any.
    pub(super) fn near_end(self) -> bool {
        self.end() - self.top <= self.view.max(FETCH)
    }

    /// Whether older messages must be fetched, if there are any.
    pub(super) fn near_start(self) -> bool {
        self.top <= self.view.max(FETCH)
    }

    /// The new `top` after a change from `self` to `now`.
    ///
    /// A reader at the end stays at the end if it `follows`, that is, if that end was the end of the conversation.
    /// For any other reader the row that the change moved by `anchor` pixels stays in place. `None` means that the row
    /// is gone: then the distance to the end stays the same.
    pub(super) fn after(self, now: Self, anchor: Option<f64>, follows: bool) -> f64 {
        // The reader may have scrolled since `self`. Only if `self.top` no longer exists did the browser move it.
        let before = if now.end() < self.top { self } else { Self { top: now.top, ..self } };
        if follows && before.at_end() {
            return now.end();
        }
        let moved = anchor.unwrap_or(now.content - before.content);
        (now.top + moved).clamp(0.0, now.end())
    }
}

/// Whole pixels, the unit of scrolling.
#[expect(clippy::cast_possible_truncation, reason = "a log is not two billion pixels high")]
pub(super) fn pixels(at: f64) -> i32 {
    at.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Geometry = Geometry { content: 2000.0, view: 500.0, top: 300.0 };

    #[test]
    fn a_reader_at_the_end_stays_there() {
        for (name, top, now, expected) in [
            ("one message more", 1500.0, Geometry { content: 2040.0, view: 500.0, top: 1500.0 }, 1540),
            ("just near enough", 1400.0, Geometry { content: 2040.0, view: 500.0, top: 1400.0 }, 1540),
            ("the composer grew", 1500.0, Geometry { content: 2000.0, view: 400.0, top: 1500.0 }, 1600),
            ("older ones came above", 1500.0, Geometry { content: 4000.0, view: 500.0, top: 1500.0 }, 3500),
            (
                "a shorter list took its place",
                1500.0,
                Geometry { content: 800.0, view: 500.0, top: 300.0 },
                300,
            ),
            ("it was empty in between", 1500.0, Geometry { content: 800.0, view: 500.0, top: 0.0 }, 300),
        ] {
            assert_eq!(pixels(Geometry { top, ..BEFORE }.after(now, None, true)), expected, "{name}");
        }
    }

    #[test]
    fn any_other_reader_keeps_the_row() {
        for (name, now, anchor, expected) in [
            ("one message more", Geometry { content: 2040.0, ..BEFORE }, Some(0.0), 300),
            ("older ones came above", Geometry { content: 3000.0, ..BEFORE }, Some(1000.0), 1300),
            ("trimmed above", Geometry { content: 1800.0, ..BEFORE }, Some(-200.0), 100),
            ("trimmed below", Geometry { content: 1500.0, ..BEFORE }, Some(0.0), 300),
            ("row gone, older came", Geometry { content: 3000.0, ..BEFORE }, None, 1300),
            ("scrolled meanwhile", Geometry { content: 3000.0, top: 250.0, ..BEFORE }, Some(1000.0), 1250),
            (
                "just too far from the end",
                Geometry { content: 2040.0, top: 1399.0, ..BEFORE },
                Some(0.0),
                1399,
            ),
        ] {
            assert_eq!(pixels(BEFORE.after(now, anchor, true)), expected, "{name}");
        }
    }

    #[test]
    fn the_end_of_a_cut_list_is_not_followed() {
        let before = Geometry { top: 1500.0, ..BEFORE };
        let now = Geometry { content: 3000.0, ..before };
        assert_eq!(pixels(before.after(now, Some(0.0), false)), 1500);
    }

    #[test]
    fn older_messages_are_fetched_in_time() {
        assert!(Geometry { content: 9000.0, view: 500.0, top: 1000.0 }.near_start());
        assert!(!Geometry { content: 9000.0, view: 500.0, top: 1001.0 }.near_start());
        assert!(Geometry { content: 9000.0, view: 1400.0, top: 1400.0 }.near_start());
    }
}
