//! What is seen. Components render and dispatch; what they show and do is in [`crate::state`].
//!
//! In reading order: [`entry`] (the first visit) and [`desk`] (everything after), which puts together [`bar`],
//! [`banner`], [`log`], [`composer`], [`people`] and [`rooms`]. The rest is what these share.

#![expect(clippy::needless_pass_by_value, reason = "properties of components are owned")]

pub mod announcer;
pub mod banner;
pub mod bar;
pub mod composer;
pub mod copy;
pub mod desk;
pub mod dialog;
pub mod entry;
pub mod hood;
pub mod icon;
pub mod keys;
pub mod live;
pub mod log;
pub mod menu;
pub mod people;
pub mod person;
pub mod rooms;
pub mod shell;
pub mod theme;
pub mod toast;
pub mod voice;
