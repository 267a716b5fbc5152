//! What the state needs of the browser: clocks, random, storage, the connection, the address.

use shared::{command::Command, text::Nonce};

use crate::{browser::clock, net::machine::Input};

/// Everything that the state needs from outside itself. `browser` implements it; tests have their own.
///
/// No method calls back into the state: what follows from a call comes later, from browser.
pub trait Platform {
    /// The wall clock, in milliseconds since the Unix epoch: for people and for what is kept over reloads.
    fn now_ms(&self) -> u64;

    /// A clock in milliseconds that never goes back: for everything that is waited for.
    fn steady_ms(&self) -> u64;

    /// Chance in `0.0..1.0`.
    fn random(&self) -> f64;

    /// A nonce that nobody else has.
    fn nonce(&self) -> Nonce;

    /// The page is visible and has the focus.
    fn is_watched(&self) -> bool;

    /// What is kept under a key.
    fn get(&self, key: &str) -> Option<String>;

    /// Keeps something under a key, or nothing any more. Storage that is full or forbidden keeps nothing.
    fn set(&self, key: &str, value: Option<&str>);

    /// The keys with a prefix, in no order.
    fn keys(&self, prefix: &str) -> Vec<String>;

    /// Sends a command on the live connection and tells the id that its reply will carry.
    fn ask(&self, command: Command) -> Option<u64>;

    /// Tells the connection what a person or the server wants of it.
    fn connection(&self, input: Input);

    /// Asks for [`Chat::tick`](super::Chat::tick) at a time of the steady clock, instead of at the time before.
    fn wake_at(&self, at: Option<u64>);

    /// The address of the page: path and query.
    fn address(&self) -> String;

    /// Shows an address, as a new step or instead of the present one.
    fn show_address(&self, address: &str, replace: bool);

    /// The title of the tab.
    fn show_title(&self, title: &str);
}

/// A platform without connection, storage or history, for tests of single components.
#[derive(Debug, Clone, Copy)]
pub struct NullPlatform;

impl Platform for NullPlatform {
    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn steady_ms(&self) -> u64 {
        clock::steady_ms()
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn nonce(&self) -> Nonce {
        Nonce::parse(&self.now_ms().to_string()).expect("digits")
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn set(&self, _: &str, _: Option<&str>) {}

    fn keys(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn ask(&self, _: Command) -> Option<u64> {
        None
    }

    fn connection(&self, _: Input) {}

    fn wake_at(&self, _: Option<u64>) {}

    fn address(&self) -> String {
        "/".to_owned()
    }

    fn show_address(&self, _: &str, _: bool) {}

    fn show_title(&self, _: &str) {}
}
