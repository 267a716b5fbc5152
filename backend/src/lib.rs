//! The server of Hubbub: rooms over WebSockets that scale sideways.
//!
//! Layers, each knowing only the next: `main -> app -> http -> session -> hub -> broker`.
//! This library exists for the binary, its tests and its benchmarks.
//!
//! In reading order: [`config`], [`app`] (what is wired to what), [`http`], [`session`], [`hub`], [`broker`];
//! beside them [`outbox`] and [`peer`] (what a hub knows of a session), [`identity`], [`policy`], [`limits`], [`metrics`],
//! [`shutdown`].

#![forbid(unsafe_code)]

pub mod app;
pub mod broker;
pub mod clock;
pub mod config;
#[cfg(test)]
mod docs;
pub mod http;
pub mod hub;
pub mod identity;
pub mod limits;
pub mod metrics;
pub mod outbox;
pub mod peer;
pub mod policy;
pub mod session;
pub mod shutdown;
pub mod telemetry;
pub mod tools;
