//! `leave`: leaves a room.

use shared::{
    command::Leave,
    event::{Left, Reply},
};

use super::Done;
use crate::session::conversation::Conversation;

pub(super) fn perform(conversation: &Conversation, leave: Leave) -> Done {
    let Leave { room } = leave;
    if conversation.handle.rooms().remove(&room) {
        conversation.node.hub.leave(&room, conversation.id);
    }
    Done::Reply(Reply::Left(Left { room }))
}
