//! What the state needs from outside: clocks, random numbers, storage, the connection, the address.

use shared::{command::Command, text::Nonce};

use crate::net::machine::Input;

/// The outside of the state. `runtime` implements it on the browser, tests implement it themselves.
///
/// No method calls back into the state: consequences come later, as calls from outside.
pub trait Platform {
    /// The wall clock, in milliseconds since the Unix epoch: for people, and for what is saved.
    fn now_ms(&self) -> u64;

    /// How many minutes local time is ahead of UTC at a time.
    fn utc_offset_minutes(&self, at_ms: u64) -> i32;

    /// A clock in milliseconds that never goes back: for deadlines.
    fn steady_ms(&self) -> u64;

    /// A random number in `0.0..1.0`.
    fn random(&self) -> f64;

    /// A nonce that nobody else has.
    fn nonce(&self) -> Nonce;

    /// The page is visible and has the focus.
    fn is_watched(&self) -> bool;

    /// The saved value of a key.
    fn get(&self, key: &str) -> Option<String>;

    /// Saves the value of a key, or removes it. Storage that is full or forbidden saves nothing.
    fn set(&self, key: &str, value: Option<&str>);

    /// The saved keys with a prefix, in any order.
    fn keys(&self, prefix: &str) -> Vec<String>;

    /// Sends a command on the live connection. Returns the id of its reply.
    fn ask(&self, command: Command) -> Option<u64>;

    /// Passes the connection what a person or the server asks for.
    fn connection(&self, input: Input);

    /// Schedules `Chat::tick` at a time of the steady clock, instead of the time that was scheduled before.
    fn wake_at(&self, at: Option<u64>);

    /// The address of the page: path and query.
    fn address(&self) -> String;

    /// Shows an address, as a new step of the history or instead of the present one.
    fn show_address(&self, address: &str, replace: bool);

    /// Sets the title of the tab.
    fn show_title(&self, title: &str);
}
