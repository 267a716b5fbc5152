//! The connection to a node.
//!
//! [`machine`] decides, as a pure function of what happened, and [`backoff`] says how long to wait. [`socket`] is the
//! only file that touches the browser's WebSocket. None of them knows what a room is.

pub mod backoff;
pub mod handler;
pub mod machine;
pub mod socket;
