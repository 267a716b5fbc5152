//! `hello`: who the client is.

use shared::{
    command::Hello,
    error::{ErrorCode, ProtocolError},
    event::{Event, Reply, ServerFrame, Status, Welcome},
    text::UserId,
};

use super::{Done, reply};
use crate::{
    identity::Admission,
    session::{conversation::Conversation, refusal::of_state},
};

pub(super) async fn perform(
    conversation: &mut Conversation,
    id: u64,
    hello: Hello,
) -> Result<Done, ProtocolError> {
    if conversation.greeted() {
        return Err(ProtocolError::new(ErrorCode::HelloTwice, "hello was said already"));
    }
    let Conversation { node, id: session, .. } = &*conversation;
    let claim = |user: &UserId| node.hub.sessions().identify(*session, user);
    let admitted = node.identity.admit(hello.name, hello.token.as_deref(), claim).await;
    let welcome = admit(conversation, admitted.map_err(|error| of_state(&error))?);
    if conversation.node.broker.core.health().borrow().ready {
        return Ok(Done::Reply(Reply::Welcome(welcome)));
    }
    // Behind the welcome: whoever arrives in bad weather is told so.
    conversation.outbox.push(reply(id, Reply::Welcome(welcome)));
    let status = Event::Status(Status { ready: false });
    conversation.outbox.push(ServerFrame::Event(status).encode().into());
    Ok(Done::Said)
}

/// Makes the session that of the admitted person.
pub(super) fn admit(conversation: &mut Conversation, admission: Admission) -> Welcome {
    let Admission { principal, token, expires, refused } = admission;
    let welcome = Welcome {
        user: principal.sender.id.clone(),
        name: principal.sender.name.clone(),
        token,
        expires,
        node: conversation.node.node.clone(),
        refused,
    };
    conversation.node.hub.sessions().identify(conversation.id, &principal.sender.id);
    conversation.principal = Some(principal);
    welcome
}
