//! What floats over the lower end of a log.

/// A way to the newest messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pill {
    /// The newest messages are not loaded.
    Newest,
    /// So many messages arrived below the screen.
    New(usize),
}

/// The pill of a log, if it needs one. `at_end`: the reader sees the end of the conversation; `below`: messages that
/// arrived since they left it; `has_newer`: newer messages are not loaded.
pub fn pill(at_end: bool, below: usize, has_newer: bool) -> Option<Pill> {
    match (at_end, below) {
        (true, _) => None,
        (false, 0) => has_newer.then_some(Pill::Newest),
        (false, count) => Some(Pill::New(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_pill_where_it_leads_somewhere() {
        for (at_end, below, has_newer, expected) in [
            (true, 3, false, None),
            (false, 0, false, None),
            (false, 0, true, Some(Pill::Newest)),
            (false, 1, false, Some(Pill::New(1))),
            (false, 7, true, Some(Pill::New(7))),
        ] {
            assert_eq!(pill(at_end, below, has_newer), expected);
        }
    }
}
