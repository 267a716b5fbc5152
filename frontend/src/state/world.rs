//! What the state needs of the outside: a clock, chance, storage, the connection, the address.

/// The outside of the state. The page's implementation is in [`browser`](crate::browser); tests have their own.
pub trait World {
    /// Now, in milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

/// An outside in which nothing is there.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl World for Nowhere {
    fn now_ms(&self) -> u64 {
        crate::browser::clock::now_ms()
    }
}
