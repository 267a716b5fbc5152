//! `forget`: every token of the person becomes worthless.

use std::time::Instant;

use shared::{error::ProtocolError, event::Reply};

use super::{Done, hello::admit, principal};
use crate::session::{
    conversation::Conversation,
    refusal::{of_state, rate_limited},
};

pub(super) async fn perform(conversation: &mut Conversation) -> Result<Done, ProtocolError> {
    let principal = principal(conversation)?;
    let paced = conversation.node.addresses.forget(conversation.address, Instant::now());
    paced.map_err(|wait| rate_limited(wait, "too many persons of this address were forgotten"))?;
    let admission = conversation.node.identity.forget(&principal).await.map_err(|error| of_state(&error))?;
    conversation.leave_all();
    let welcome = admit(conversation, admission);
    // Only now: what ends every connection of the person must not end this one.
    conversation.node.hub.forgotten(principal.sender.id).await;
    Ok(Done::Reply(Reply::Forgotten(welcome)))
}
