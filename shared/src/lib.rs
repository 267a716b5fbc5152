//! What the server and the page must agree on: names, limits, the messages of the wire, error and close codes.
//!
//! No I/O, no clock, no runtime, no user interface; builds for native targets and for wasm32.
//! Everything that arrives from outside is checked once, here, and carried on as a type that cannot be invalid.
//!
//! In reading order:
//! - [`limits`]: the numbers both sides know.
//! - [`table`]: how an object of the wire is described, once, for its type, reader, writer and documentation.
//! - [`text`]: rooms, names, message bodies, nonces, positions, user ids.
//! - [`entry`]: what a room keeps; [`person`]: who says something.
//! - [`command`]: what a `hubbub.v1` client says; [`event`]: what the server says.
//! - [`classic`]: the frames of the protocol that Hubbub inherited.
//! - [`code`], [`error`] and [`close`]: how a request and how a connection fail.

#![forbid(unsafe_code)]

pub mod classic;
pub mod close;
pub mod code;
pub mod command;
pub mod entry;
pub mod error;
pub mod event;
pub mod invalid;
pub mod limits;
pub mod person;
pub mod table;
pub mod text;

/// The WebSocket subprotocol (RFC 6455 §1.9) that selects the `hubbub.v1` dialect.
/// A client that asks for no subprotocol speaks the classic one.
pub const SUBPROTOCOL: &str = "hubbub.v1";
