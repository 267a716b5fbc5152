//! Plays faults on real nodes and a real Redis under load, and proves from what the clients saw that nothing was
//! lost, repeated or reordered.
//!
//! In reading order:
//! - [`checker`]: the verdict, from the logs of all clients and the histories.
//! - [`client`]: a client that behaves like the page and records every event; [`run_state`]: state that all of them share.
//! - [`testbed`]: nodes, Redis, a [`proxy`] between them, clients, load.
//! - [`light_clients`]: lighter clients, for very many rooms.
//! - [`fault`]: the faults, one function each; [`report`]: the table.

#![forbid(unsafe_code)]

pub mod checker;
pub mod client;
pub mod fault;
pub mod history;
pub mod light_clients;
pub mod proxy;
pub mod report;
pub mod run_state;
pub mod testbed;
