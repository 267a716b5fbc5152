//! Bounds that are counted per address, per person or per time.
//!
//! Addresses are counted by [`Prefix`]: what one customer of a network is given. Loopback is free everywhere: it is the
//! operator, a test, or a proxy on the same machine.
//!
//! In reading order: [`prefix`], [`bucket`], [`ledger`] (buckets by key, in bounded memory), [`connections`],
//! [`addresses`], [`sends`].

pub mod addresses;
pub mod bucket;
pub mod connections;
pub mod ledger;
pub mod prefix;
pub mod sends;

pub use self::{
    addresses::Addresses,
    bucket::{Bucket, Pace},
    connections::Connections,
    prefix::Prefix,
    sends::Sends,
};
