//! The broker over Redis.
