//! `send`: stores a message.

use shared::{
    command::Send,
    entry::{Said, What},
    error::ProtocolError,
    event::{Reply, Sent},
    text::Room,
};

use super::{principal, refusal, reply};
use crate::{
    broker::Stored,
    outbox::Frame,
    session::{conversation::Conversation, publication::Publication, step::Step},
};

pub(super) fn step(conversation: &Conversation, id: u64, send: Send) -> Result<Step, ProtocolError> {
    let Send { room, nonce, body } = send;
    let principal = principal(conversation)?;
    let answer = answer(id, room.clone());
    let publication =
        Publication::new(conversation, &principal, &room, nonce, &What::Said(Said { body }), answer)?;
    Ok(Step::publish(publication, conversation))
}

/// The reply to a command that stored an entry.
pub(super) fn answer(
    id: u64,
    room: Room,
) -> impl FnOnce(Result<Stored, ProtocolError>) -> Frame + std::marker::Send + 'static {
    move |stored| match stored {
        Ok(Stored { position, n, duplicate }) => {
            reply(id, Reply::Sent(Sent { room, position, n, duplicate }))
        }
        Err(error) => refusal(Some(id), error),
    }
}
