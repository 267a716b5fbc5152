//! The broker inside one process, kept on disk.
//!
//! A [`Store`] is one file with everything in it; [`Store::join`] gives a node its endpoint. One writer thread gathers
//! whatever waits into one commit, so an answer is as durable as the disk and many publishers still share one sync.
//! Reads see the last commit and never wait for the writer.
//!
//! | file | idea |
//! |---|---|
//! | [`settings`], [`store`], [`engine`] | setting up, opening and closing; what the threads and the endpoints share |
//! | [`disk`] | opening the file, and opening it again after the disk failed |
//! | [`tables`] | what stands in the file |
//! | [`queue`] | what waits for the writer, bounded |
//! | [`writer`] | the thread: gather, commit, hand over, answer, recover |
//! | [`commit`] | what one commit does |
//! | [`nonces`] | which messages were stored within the nonce window |
//! | [`trim`] | what is too old or too much |
//! | [`history`] | reading |
//! | [`endpoint`], [`records`], [`presence`] | one node's side: messages, small records, people |
//! | [`registry`], [`rosters`] | which endpoint subscribed to which room, and who is where; in memory |
//! | [`tools`] | compacting a file |

mod commit;
mod disk;
mod endpoint;
mod engine;
mod history;
mod nonces;
mod presence;
mod queue;
mod records;
mod registry;
mod rosters;
mod settings;
mod store;
mod tables;
pub mod tools;
mod trim;
mod writer;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use self::history::PAGE_BYTES;
pub use self::{disk::OpenError, settings::EmbeddedSettings, store::Store};
