//! The one line about the connection above the log.

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Banner {
    /// "Reconnecting… next try in 4 s", with a button "Try now". Without seconds: a try is on its way.
    Reconnecting {
        /// Seconds until the next try, from 1.
        seconds: Option<u64>,
    },
    /// "You're offline. Messages will be sent when you're back."
    Offline,
    /// "Back online", for two seconds, and "12 missed messages loaded" if there were any.
    Back {
        /// How many messages came with the resume, in all rooms.
        missed: usize,
    },
    /// "Messages are delayed. Yours are kept and will be sent.": the node is there, what is behind it is not.
    Delayed,
    /// The server ended the session and coming back by itself makes no sense; a button "Connect" calls
    /// [`Chat::try_now`](crate::state::Chat::try_now).
    Ended,
}
