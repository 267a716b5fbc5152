//! `join`: enters a room.

use shared::{command::Join, error::ProtocolError, event::Reply};

use super::{Done, principal, reply};
use crate::{
    identity::Principal,
    policy::Action,
    session::{
        conversation::{Conversation, allowed},
        refusal::of_join,
    },
};

pub(super) async fn perform(
    conversation: &mut Conversation,
    id: u64,
    join: Join,
) -> Result<Done, ProtocolError> {
    let Join { room, since } = join;
    let principal = principal(conversation)?;
    conversation.has_place_for(&room)?;
    allowed(&principal, &room, Action::Join)?;
    let may_open = conversation.may_open();
    let member = conversation.member(&principal);
    let answer = |joined| reply(id, Reply::Joined(joined));
    let hub = &conversation.node.hub;
    if let Err(error) = hub.join(&room, member, since, &may_open, answer).await {
        conversation.handle.rooms().remove(&room);
        return Err(of_join(&error));
    }
    conversation.handle.rooms().insert(room.clone());
    // A new name that came while the room was entered did not find this session there.
    if conversation.follow_rename()
        && let Some(person) = conversation.principal.as_ref().and_then(Principal::occupant)
    {
        conversation.node.hub.rename(&room, &person);
    }
    Ok(Done::Said)
}
