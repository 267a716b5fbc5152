//! People in real browsers, talking through real nodes.
//!
//! Every test has nodes, a Redis and browsers of its own: nothing is shared, so they run beside each other. A missing
//! Chromium, `ChromeDriver` or redis-server is a failure that says what to install. The node is `target/debug/hubbub`
//! with the page in it, as `cargo xtask test e2e` builds it, or whatever `HUBBUB_BIN` names.
//!
//! - [`browser`]: a Chromium with its driver; [`page`]: Hubbub in it, [`tab`] in several tabs; [`classic`]: a client of
//!   the classic dialect; [`nodes`]: nodes and what joins them.

mod browser;
mod chat;
mod classic;
mod gap;
mod history;
mod hostile;
mod nodes;
mod outage;
mod page;
mod picture;
mod proxy;
mod sleep;
mod small;
mod start;
mod stuck;
mod tab;
mod tabs;
