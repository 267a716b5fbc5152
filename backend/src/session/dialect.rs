//! The one place where the two dialects part: each match only delegates.

use shared::error::ProtocolError;

use super::{
    classic,
    conversation::Conversation,
    publication::Ack,
    step::{Step, Task},
    v1,
};
use crate::peer::Dialect;

/// Takes one text frame.
pub(super) fn hear(conversation: &mut Conversation, text: &str) -> Step {
    match conversation.dialect {
        Dialect::Classic => classic::hear(conversation, text),
        Dialect::V1 => v1::hear(conversation, text),
    }
}

/// Refuses a frame that is not looked at, but for its request id.
pub(super) fn refuse(conversation: &Conversation, frame: &str, error: ProtocolError) -> Step {
    match conversation.dialect {
        Dialect::Classic => classic::refuse(conversation, &error),
        Dialect::V1 => v1::refuse(conversation, v1::request_id(frame), error),
    }
}

/// Does a task. What is to be said at once goes to the outbox; an entry that was queued answers later.
pub(super) async fn perform(conversation: &mut Conversation, task: Task) -> Option<Ack> {
    match task {
        Task::V1(request, command) => v1::perform(conversation, request, command).await,
        Task::Subscribe(room) => {
            classic::subscribe(conversation, room).await;
            None
        }
        Task::Publish(publication) => publication.perform(conversation).await,
    }
}
