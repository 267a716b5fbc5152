//! Tests against real brokers and real nodes, in one binary so that they share their servers.

#![expect(clippy::unwrap_used, reason = "what a test's steps share may panic like the test itself")]

mod abuse;
mod age;
mod bad_input;
mod brokers;
mod chat;
mod conformance;
mod crash;
mod doors;
mod entries;
mod fleeting;
mod fuzz;
mod holes;
mod people;
mod presence;
mod redis_faults;
mod redis_tls;
mod resume;
mod retry;
mod secrets;
mod sentinel;
mod starting;
mod support;
mod torn;
