//! Who says something, and who is in a room.

use serde::{Deserialize, Serialize};

use crate::{
    table::{record, words},
    text::{Name, UserId},
};

record! {
    /// Who said something.
    pub struct Sender: Hash {
        /// Stable across connections for guests; one per connection for classic clients.
        id: UserId,
        /// The display name at that time.
        name: Name,
        /// Where the identity comes from. Others may follow: treat them as `unknown`.
        kind: SenderKind,
    }
}

words! {
    /// Where an identity comes from.
    pub enum SenderKind {
        /// A client of the classic protocol: nameless, one identity per connection.
        Classic = "classic",
        /// Somebody who took a name; the server signed the identity.
        Guest = "guest",
    }
}

record! {
    /// Somebody who is in a room now.
    pub struct Person: Hash, Serialize, Deserialize {
        /// Who it is.
        id: UserId,
        /// What they are called now.
        name: Name,
    }
}
