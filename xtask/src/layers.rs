//! The shape of the code, held by tests: no circles between modules, layers that point one way, files of at most
//! 400 lines.
//!
//! **What counts as a circle.** A module is its file and everything below it: `hub` is `hub.rs` and `hub/`. Modules
//! with the same parent must not use each other in a circle, at any depth. A file and the files below it are one
//! module, so `hub/join.rs` may extend what `hub.rs` defines, and `hub.rs` may use `hub/join.rs`. What counts is the
//! file that defines an item, not the path by which it is named: re-exports are followed, and a file that only
//! passes a name on does not use it. Code behind `#[cfg(test)]` may use anything.

mod circles;
mod graph;
mod imports;
mod tests;
