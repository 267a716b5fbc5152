//! Storing an entry: the entries of one session are queued in the order in which it sent them.

use std::time::Instant;

use futures_util::{FutureExt, future::BoxFuture};
use shared::{
    entry::{Origin, What},
    error::ProtocolError,
    text::{Nonce, Position, Room},
};

use super::{
    conversation::{Conversation, allowed},
    refusal::{of_broker, rate_limited, too_many_new_rooms},
};
use crate::{
    broker::{Draft, Record, Stored},
    clock,
    identity::Principal,
    outbox::Frame,
    policy::Action,
};

/// An answer that comes when the entry is stored or refused.
pub(super) type Ack = BoxFuture<'static, Frame>;

/// Makes the answer to the client.
type Answer = Box<dyn FnOnce(Result<Stored, ProtocolError>) -> Frame + Send>;

/// An entry that is to be stored, and what is said of it afterwards.
pub(super) struct Publication {
    room: Room,
    draft: Draft,
    answer: Answer,
}

impl Publication {
    /// Asks the policy and the bounds, and makes the draft.
    pub(super) fn new(
        conversation: &Conversation,
        principal: &Principal,
        room: &Room,
        nonce: Nonce,
        what: &What,
        answer: impl FnOnce(Result<Stored, ProtocolError>) -> Frame + Send + 'static,
    ) -> Result<Self, ProtocolError> {
        let rights = allowed(principal, room, Action::Send)?;
        let sender = principal.sender.clone();
        let user = sender.id.clone();
        let record = Record::new(&Origin { at: clock::now_ms(), sender, nonce: nonce.clone() }, what);
        let (sends, bytes) = (&conversation.node.sends, record.wire().len());
        sends
            .take(&user, conversation.address, room, bytes, Instant::now())
            .map_err(|wait| rate_limited(wait, "too many messages to this room, slow down"))?;
        let counts = record.is_message();
        let draft = Draft { sender: user, nonce, counts, amends: None, rights, record };
        Ok(Self { room: room.clone(), draft, answer: Box::new(answer) })
    }

    /// Whether it can be queued at once: it is in a room that is there, or its address may make any number of rooms.
    pub(super) fn needs_no_look(&self, conversation: &Conversation) -> bool {
        conversation.address.is_loopback() || conversation.handle.rooms().contains(&self.room)
    }

    /// Queues the entry, unless it would make one room more than its address may make.
    pub(super) async fn perform(self, conversation: &Conversation) -> Option<Ack> {
        let room = self.room.clone();
        match may_be_stored(conversation, &room).await {
            Ok(()) => Some(self.queue(conversation)),
            Err(error) => {
                conversation.node.metrics.refusals.inc();
                conversation.outbox.push((self.answer)(Err(error)));
                None
            }
        }
    }

    /// Hands the entry to the broker, in order, before it returns.
    pub(super) fn queue(self, conversation: &Conversation) -> Ack {
        let metrics = conversation.node.metrics.clone();
        let answer = self.answer;
        let stored = conversation.node.broker.core.publish(&self.room, self.draft);
        stored
            .map(move |stored| match stored {
                Ok(stored) => {
                    metrics.acks.inc();
                    answer(Ok(stored))
                }
                Err(error) => {
                    metrics.refusals.inc();
                    answer(Err(of_broker(&error)))
                }
            })
            .boxed()
    }
}

/// An entry can make a room, and new rooms are paced per address.
async fn may_be_stored(conversation: &Conversation, room: &Room) -> Result<(), ProtocolError> {
    let heads = conversation.node.broker.core.heads(std::slice::from_ref(room)).await;
    let heads = heads.map_err(|error| of_broker(&error))?;
    if heads.first().is_none_or(Position::is_start) {
        conversation.may_open()(Instant::now()).map_err(too_many_new_rooms)?;
    }
    Ok(())
}
