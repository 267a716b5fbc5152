//! The `hubbub` binary.

#![forbid(unsafe_code)]

fn main() {}
