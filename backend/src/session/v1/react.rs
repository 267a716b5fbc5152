//! `react`: puts a reaction on a message or takes it away.

use shared::{
    command::React,
    entry::{Reacted, What},
    error::{ErrorCode, ProtocolError},
    text::{Position, Room},
};

use super::{Done, principal, send::answer};
use crate::{
    broker::{Anchor, Span},
    policy::Action,
    session::{
        conversation::{Conversation, allowed},
        publication::Publication,
        refusal::of_broker,
    },
};

pub(super) async fn perform(
    conversation: &Conversation,
    id: u64,
    react: React,
) -> Result<Done, ProtocolError> {
    let React { room, nonce, to, emoji, on } = react;
    let principal = principal(conversation)?;
    // Whether a message is there is part of the history.
    allowed(&principal, &room, Action::History)?;
    if !is_message(conversation, &room, &to).await? {
        return Err(ProtocolError::new(ErrorCode::MessageGone, "that message is not in the history"));
    }
    let what = What::Reacted(Reacted { to, emoji, on });
    let answer = answer(id, room.clone());
    let publication = Publication::new(conversation, &principal, &room, nonce, &what, answer)?;
    // The room has a message, so this makes no room.
    Ok(Done::Queued(publication.queue(conversation)))
}

/// Whether a message stands at this position: by the recent entries, or else by the history.
async fn is_message(
    conversation: &Conversation,
    room: &Room,
    position: &Position,
) -> Result<bool, ProtocolError> {
    if let Some(entry) = conversation.node.hub.recent(room, position) {
        return Ok(entry.entry.record.is_message());
    }
    let span = Span { from: Anchor::Through(position.clone()), limit: 1 };
    let run = conversation.node.broker.core.read(room, span).await.map_err(|error| of_broker(&error))?;
    let last = run.entries.last();
    Ok(run.found && last.is_some_and(|last| last.position == *position && last.record.is_message()))
}
