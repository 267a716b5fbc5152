//! The messages of one room as the page shows them: plain data, no browser, no signals.

pub mod rows;

/// Most messages that a timeline shows at once, and so has in the DOM.
pub const WINDOW: usize = 300;

/// By how many [`WINDOW`] may be exceeded before it is cut back, so that cutting is rare.
pub const SLACK: usize = 20;
