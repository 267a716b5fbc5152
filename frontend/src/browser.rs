//! Small wrappers of browser interfaces, each kind in a file of its own. They know nothing of the page.

pub mod address;
pub mod clock;
pub mod random;
pub mod storage;
