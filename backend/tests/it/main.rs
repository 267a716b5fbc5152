//! Tests against real brokers and real nodes, in one binary so that they share their servers.

#![expect(clippy::unwrap_used, reason = "what a test's steps share may panic like the test itself")]

mod brokers;
mod conformance;
mod redis_faults;
