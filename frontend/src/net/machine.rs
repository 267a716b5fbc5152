//! The connection as a pure state machine: (state, input) -> new state and effects.

/// What the connection is doing, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Not asked to connect yet.
    #[default]
    Idle,
    /// Opening the socket or waiting for the welcome.
    Connecting,
    /// Commands are answered.
    Live,
    /// Waits before the next try.
    Waiting {
        /// When the next try starts, in milliseconds since the Unix epoch.
        until: u64,
    },
    /// Like `Waiting`, and the device says that it has no network.
    Offline,
    /// The server said that coming back makes no sense; a person may try.
    Ended {
        /// The close code.
        code: u16,
    },
}
