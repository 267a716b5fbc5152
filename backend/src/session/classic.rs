//! The inherited dialect: subscribe, unsubscribe, send; silence unless something is wrong.

use futures_util::FutureExt;
use shared::{
    classic::{Command, error_frame},
    error::ProtocolError,
    text::{Body, Room},
};

use super::{
    conversation::{Conversation, Step, Task, allowed, of_join},
    outbox::Frame,
};
use crate::{identity::fresh_nonce, policy::Action};

pub(super) fn hear(conversation: &mut Conversation, text: &str) -> Step {
    match Command::decode(text) {
        Ok(Command::Subscribe { room }) => Step::Do(Task::Subscribe(room)),
        Ok(Command::Unsubscribe { room }) => {
            if conversation.seat.rooms().remove(&room) {
                conversation.shared.hub.leave(&room, conversation.id);
            }
            Step::Say(Frame::new())
        }
        Ok(Command::Send { room_id, message }) => match send(conversation, &room_id, &message) {
            Ok(step) => step,
            Err(error) => conversation.refuse(error),
        },
        Err(error) => conversation.refuse(error),
    }
}

pub(super) fn refusal(error: &ProtocolError) -> Frame {
    error_frame(error).into()
}

pub(super) async fn subscribe(conversation: &mut Conversation, room: Room) {
    if conversation.seat.rooms().contains(&room) {
        return;
    }
    if let Err(error) = try_subscribe(conversation, &room).await {
        conversation.shared.metrics.refusals.inc();
        conversation.outbox.push(refusal(&error));
    } else {
        conversation.seat.rooms().insert(room);
    }
}

async fn try_subscribe(conversation: &Conversation, room: &Room) -> Result<(), ProtocolError> {
    conversation.has_place_for(room)?;
    let Some(principal) = &conversation.principal else { return Ok(()) };
    allowed(principal, room, Action::Join)?;
    let may_open = conversation.may_open();
    let member = conversation.member(principal);
    conversation.shared.hub.subscribe(room, member, &may_open).await.map_err(|error| of_join(&error))
}

/// The node makes the nonce: a classic client cannot repeat a send so that it counts once.
fn send(conversation: &Conversation, room: &Room, message: &Body) -> Result<Step, ProtocolError> {
    let Some(principal) = &conversation.principal else { return Ok(Step::Say(Frame::new())) };
    let stored = conversation.publish(principal, room, fresh_nonce(), message)?;
    Ok(Step::Await(
        stored.map(|stored| stored.err().map(|error| refusal(&error)).unwrap_or_default()).boxed(),
    ))
}
