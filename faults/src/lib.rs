//! Plays faults on real nodes and a real Redis under load, and proves from what the clients saw that nothing was
//! lost, repeated or reordered.
//!
//! In reading order:
//! - [`checker`]: the verdict, from the logs of all clients and the histories.
//! - [`client`]: a client that behaves like the page and writes down everything; [`stage`]: what all of them share.
//! - [`world`]: nodes, Redis, a [`proxy`] between them, clients, load.
//! - [`holder`]: a lighter client, for very many rooms.
//! - [`fault`]: the faults, one function each; [`report`]: the table.

#![forbid(unsafe_code)]

pub mod checker;
pub mod client;
pub mod fault;
pub mod history;
pub mod holder;
pub mod proxy;
pub mod report;
pub mod stage;
pub mod world;
