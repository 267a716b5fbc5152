//! `rename`: another name from now on.

use std::time::Instant;

use shared::{
    command::Rename,
    error::ProtocolError,
    event::{Renamed, Reply},
};

use super::{Done, principal};
use crate::session::{conversation::Conversation, refusal::of_state};

pub(super) async fn perform(conversation: &mut Conversation, rename: Rename) -> Result<Done, ProtocolError> {
    let Rename { name } = rename;
    let principal = principal(conversation)?;
    let Conversation { node, address, .. } = &*conversation;
    let keep = node.addresses.keeps_name(*address, Instant::now());
    let renamed = node.identity.rename(&principal, name.clone(), keep).await;
    let principal = renamed.map_err(|error| of_state(&error))?;
    let person = principal.occupant();
    conversation.principal = Some(principal);
    if let Some(person) = person {
        conversation.node.hub.renamed(&conversation.handle, person).await;
    }
    Ok(Done::Reply(Reply::Renamed(Renamed { name })))
}
