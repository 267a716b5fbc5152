//! Who uses a connection.

use shared::{command::Command, event::ServerFrame};

use super::machine::Status;

/// The user of a connection: it is told everything, and asked for the first command.
pub trait Handler {
    /// The hello of a new connection. `None` while there is nobody to connect as.
    fn hello(&self) -> Option<Command>;

    /// The connection does something else now. `Live` comes before the welcome.
    fn status(&self, status: Status);

    /// A frame arrived. Pongs are not passed on.
    fn frame(&self, frame: ServerFrame);

    /// A round trip was measured, in milliseconds.
    fn round_trip(&self, ms: u64);
}
