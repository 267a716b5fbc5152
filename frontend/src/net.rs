//! The connection to a node.
//!
//! [`machine`] decides, as a pure function of what happened; [`backoff`] says how long to wait; [`socket`] is the
//! only file that touches the browser's WebSocket. None of them knows what a room holds.

pub mod backoff;
pub mod machine;
pub mod socket;

use shared::{command::Command, event::ServerFrame};

/// Whose connection it is: told everything, asked for the first words.
pub trait Owner {
    /// What to say first, if there is somebody to be.
    fn hello(&self) -> Option<Command>;

    /// The connection does something else now. `Live` comes before the welcome.
    fn status(&self, status: machine::Status);

    /// A frame arrived, pongs excepted.
    fn frame(&self, frame: ServerFrame);

    /// A round trip was measured, in milliseconds.
    fn round_trip(&self, ms: u64);
}
