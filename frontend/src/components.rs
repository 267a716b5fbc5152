//! The view. Components render and dispatch; [`crate::state`] decides what they show and do.
//!
//! In reading order: [`sign_in`] (the first visit) and [`chat_page`] (everything after), which is made of
//! [`room_header`], [`banner`], [`log`], [`composer`], [`people`] and [`rooms`]. They share the rest.

#![expect(clippy::needless_pass_by_value, reason = "properties of components are owned")]

pub mod announcer;
pub mod avatar;
pub mod avatar_stack;
pub mod banner;
pub mod chat_page;
pub mod composer;
pub mod copy;
pub mod diagnostics;
pub mod dialog;
pub mod format;
pub mod icon;
pub mod keys;
pub mod layout;
pub mod log;
pub mod menu;
pub mod people;
pub mod person;
pub mod room_header;
pub mod rooms;
pub mod shell;
pub mod sign_in;
pub mod theme;
pub mod toast;
