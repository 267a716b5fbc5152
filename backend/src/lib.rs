//! Hubbub's server: rooms over WebSockets that scale sideways.
//!
//! Layers, each knowing only the next: `main -> app -> http -> session -> hub -> broker`.
//! This library exists for the binary, its tests and its benchmarks.

#![forbid(unsafe_code)]

pub mod broker;
