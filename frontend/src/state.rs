//! What the page knows, and everything that a person can do to it.
//!
//! [`Chat`] is a `Copy` handle, found in the context: `expect_context::<Chat>()`. Its getters return signals, its
//! actions are plain calls that return at once. [`RoomSignals`] holds the signals of one joined room.
//!
//! Behind the signals is plain data: the [`timeline`] of each room, the [`outbox`], the [`layout`]. Nothing here reads
//! a clock, the time zone or the browser: all of that comes through [`Platform`].

mod actions;
mod announce;
mod apply;
pub mod banner;
mod chat;
pub mod layout;
mod lifecycle;
pub mod namesakes;
mod navigation;
mod notices;
pub mod outbox;
pub mod pill;
mod platform;
mod reading;
mod room_signals;
mod room_state;
pub mod roster;
mod saved;
mod settle;
mod signals;
mod store;
pub mod timeline;

pub use self::{
    banner::Banner,
    chat::Chat,
    platform::Platform,
    room_signals::{RoomHandle, RoomSignals, RowHandle, Scroll},
    saved::OUTBOX,
    signals::{Link, Me},
};

#[cfg(test)]
mod tests;
