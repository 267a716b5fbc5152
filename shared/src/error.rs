//! How a request fails: a stable code, a sentence for people, and whether trying again makes sense.

pub use crate::code::{ErrorCode, Retry};
use crate::{
    table::{Unreadable, record},
    text::Invalid,
};

record! {
    /// A refused request, or trouble that the server reports on its own.
    pub struct ProtocolError {
        /// What programs act on: one of the error codes.
        code: ErrorCode,
        /// What people read; its wording may change.
        message: String,
        /// Milliseconds after which a new try can succeed, where the server knows.
        retry_after_ms: Option<u64>,
    }
}

impl ProtocolError {
    /// An error without a time to wait.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }
}

impl std::fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for ProtocolError {}

impl From<Invalid> for ProtocolError {
    fn from(invalid: Invalid) -> Self {
        Self::new(invalid.into(), invalid.to_string())
    }
}

impl From<Unreadable> for ProtocolError {
    fn from(unreadable: Unreadable) -> Self {
        Self::new((&unreadable).into(), unreadable.to_string())
    }
}
