//! Who may do what: the one place that decides, asked by every path that shows or changes a room.

use shared::{person::SenderKind, text::Room};

use crate::identity::Principal;

/// What somebody wants to do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Be a member: receive what is said, be seen.
    Join,
    /// Say something.
    Send,
    /// Read what was said.
    History,
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed, under this version of the room's rights (0: the room has none).
    Allowed(u64),
    /// Not allowed. The answer is the same for a room that does not exist.
    Refused,
}

/// Decides. Rooms have no rights of their own yet, so everybody may do everything; a guest whose kind this
/// build does not know may do nothing.
pub fn decide(principal: &Principal, _room: &Room, action: Action) -> Verdict {
    match (principal.sender.kind, action) {
        (SenderKind::Guest | SenderKind::Classic, Action::Join | Action::Send | Action::History) => {
            Verdict::Allowed(0)
        }
        (SenderKind::Unknown, _) => Verdict::Refused,
    }
}
