//! The inherited dialect: subscribe, unsubscribe, send; silence unless something is wrong.

use shared::{
    classic::{Command, Membership, Send, error_frame},
    entry::{Said, What},
    error::ProtocolError,
    text::Room,
};

use super::{
    conversation::{Conversation, allowed},
    publication::Publication,
    refusal::of_join,
    step::{Step, Task},
};
use crate::{identity::fresh_nonce, outbox::Frame, policy::Action};

pub(super) fn hear(conversation: &Conversation, text: &str) -> Step {
    match Command::decode(text) {
        Ok(Command::Subscribe(Membership { room })) => Step::Do(Task::Subscribe(room)),
        Ok(Command::Unsubscribe(Membership { room })) => unsubscribe(conversation, &room),
        Ok(Command::Send(send)) => {
            self::send(conversation, send).unwrap_or_else(|error| refuse(conversation, &error))
        }
        Err(error) => refuse(conversation, &error),
    }
}

/// Refuses a frame.
pub(super) fn refuse(conversation: &Conversation, error: &ProtocolError) -> Step {
    conversation.node.metrics.refusals.inc();
    Step::Say(refusal(error))
}

fn refusal(error: &ProtocolError) -> Frame {
    error_frame(error, None).into()
}

pub(super) async fn subscribe(conversation: &Conversation, room: Room) {
    if conversation.handle.rooms().contains(&room) {
        return;
    }
    match try_subscribe(conversation, &room).await {
        Ok(()) => {
            conversation.handle.rooms().insert(room);
        }
        Err(error) => {
            conversation.node.metrics.refusals.inc();
            conversation.outbox.push(refusal(&error));
        }
    }
}

fn unsubscribe(conversation: &Conversation, room: &Room) -> Step {
    if conversation.handle.rooms().remove(room) {
        conversation.node.hub.leave(room, conversation.id);
    }
    Step::Say(Frame::new())
}

async fn try_subscribe(conversation: &Conversation, room: &Room) -> Result<(), ProtocolError> {
    conversation.has_place_for(room)?;
    let Some(principal) = &conversation.principal else { return Ok(()) };
    allowed(principal, room, Action::Join)?;
    let may_open = conversation.may_open();
    let member = conversation.member(principal);
    conversation.node.hub.subscribe(room, member, &may_open).await.map_err(|error| of_join(&error))
}

/// The node makes the nonce: a classic client cannot repeat a send so that it counts once.
fn send(conversation: &Conversation, send: Send) -> Result<Step, ProtocolError> {
    let Send { room, message } = send;
    let Some(principal) = &conversation.principal else { return Ok(Step::Say(Frame::new())) };
    let answer =
        |stored: Result<_, ProtocolError>| stored.err().map(|error| refusal(&error)).unwrap_or_default();
    let publication = Publication::new(
        conversation,
        principal,
        &room,
        fresh_nonce(),
        &What::Said(Said { body: message }),
        answer,
    )?;
    Ok(Step::publish(publication, conversation))
}
