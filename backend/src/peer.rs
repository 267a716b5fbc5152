//! What a node knows of a connection beside its frames: its number and its dialect.

/// Names a session within its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub u64);

/// The two languages of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The inherited protocol.
    Classic,
    /// `hubbub.v1`.
    V1,
}
