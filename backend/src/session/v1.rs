//! The `hubbub.v1` dialect: every command is answered by a reply with its request id.

use std::time::Instant;

use futures_util::FutureExt;
use shared::{
    command::{self, Command, Refused, Request},
    error::{ErrorCode, ProtocolError},
    event::{Event, Page, Reply, ServerFrame, Welcome},
    limits,
    message::Message,
    text::{Body, Name, Nonce, Position, Room, UserId},
};

use super::{
    conversation::{Conversation, Step, Task, allowed, of_broker, of_join, of_state, rate_limited},
    outbox::Frame,
};
use crate::{
    broker::{Anchor, Run, Span},
    identity::{Admission, Principal},
    policy::Action,
};

pub(super) fn hear(conversation: &mut Conversation, text: &str) -> Step {
    match Request::decode(text) {
        Ok(Request { id, command }) => {
            conversation.follow_rename();
            dispatch(conversation, id, command)
        }
        Err(Refused { id, error }) => {
            conversation.shared.metrics.refusals.inc();
            Step::Say(refusal(id, error))
        }
    }
}

/// An error as a reply, or as an event where no request is known.
pub(super) fn refusal(request: Option<u64>, error: ProtocolError) -> Frame {
    match request {
        Some(id) => reply(id, Reply::Error(error)),
        None => ServerFrame::Event(Event::Error(error)).encode().into(),
    }
}

/// The request id of a frame, whatever else is in it.
pub(super) fn request_id(frame: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Only {
        id: u64,
    }
    serde_json::from_str::<Only>(frame).ok().map(|only| only.id)
}

fn reply(id: u64, reply: Reply) -> Frame {
    ServerFrame::Reply(id, reply).encode().into()
}

fn dispatch(conversation: &mut Conversation, id: u64, command: Command) -> Step {
    match command {
        Command::Ping => Step::Say(reply(id, Reply::Pong)),
        Command::Send { room, nonce, body } => match send(conversation, id, room, nonce, &body) {
            Ok(step) => step,
            Err(error) => {
                conversation.shared.metrics.refusals.inc();
                Step::Say(refusal(Some(id), error))
            }
        },
        Command::Hello { .. }
        | Command::Join { .. }
        | Command::Leave { .. }
        | Command::History { .. }
        | Command::Rename { .. }
        | Command::Forget => Step::Do(Task::V1(id, command)),
    }
}

/// Does a command and puts its reply into the outbox.
pub(super) async fn perform(conversation: &mut Conversation, id: u64, command: Command) {
    let done = match command {
        Command::Hello { name, token } => hello(conversation, id, name, token.as_deref()).await,
        Command::Join { room, since } => join(conversation, id, room, since).await.map(|()| None),
        Command::Leave { room } => Ok(Some(leave(conversation, room))),
        Command::History { room, from, limit } => history(conversation, room, from, limit).await.map(Some),
        Command::Rename { name } => rename(conversation, name).await.map(Some),
        Command::Forget => forget(conversation).await.map(Some),
        Command::Send { .. } | Command::Ping => Ok(None),
    };
    match done {
        Ok(Some(answer)) => conversation.outbox.push(reply(id, answer)),
        Ok(None) => {}
        Err(error) => {
            conversation.shared.metrics.refusals.inc();
            conversation.outbox.push(refusal(Some(id), error));
        }
    }
}

async fn hello(
    conversation: &mut Conversation,
    id: u64,
    name: Name,
    token: Option<&str>,
) -> Result<Option<Reply>, ProtocolError> {
    if conversation.greeted() {
        return Err(ProtocolError::new(ErrorCode::HelloTwice, "hello was said already"));
    }
    let Conversation { shared, id: session, .. } = &*conversation;
    let claim = |user: &UserId| shared.hub.sessions().know(*session, user);
    let admission = shared.identity.admit(name, token, claim).await.map_err(|error| of_state(&error))?;
    let welcome = welcome(conversation, admission);
    if !conversation.shared.hub.broker().core.health().borrow().ready {
        // Behind the welcome: whoever arrives in bad weather is told so.
        conversation.outbox.push(reply(id, Reply::Welcome(welcome)));
        conversation.outbox.push(ServerFrame::Event(Event::Status { ready: false }).encode().into());
        return Ok(None);
    }
    Ok(Some(Reply::Welcome(welcome)))
}

fn welcome(conversation: &mut Conversation, admission: Admission) -> Welcome {
    let Admission { principal, token, expires, refused } = admission;
    let welcome = Welcome {
        user: principal.sender.id.clone(),
        name: principal.sender.name.clone(),
        token,
        expires,
        node: conversation.shared.node.clone(),
        refused,
    };
    conversation.shared.hub.sessions().know(conversation.id, &principal.sender.id);
    conversation.principal = Some(principal);
    welcome
}

fn known(conversation: &Conversation) -> Result<Principal, ProtocolError> {
    conversation.principal.clone().ok_or_else(|| ProtocolError::new(ErrorCode::HelloFirst, "say hello first"))
}

async fn join(
    conversation: &mut Conversation,
    id: u64,
    room: Room,
    since: Option<Position>,
) -> Result<(), ProtocolError> {
    let principal = known(conversation)?;
    conversation.has_place_for(&room)?;
    allowed(&principal, &room, Action::Join)?;
    let may_open = conversation.may_open();
    let member = conversation.member(&principal);
    let answer = |joined| reply(id, Reply::Joined(joined));
    let hub = &conversation.shared.hub;
    match hub.join(&room, member, since, &may_open, answer).await {
        Ok(()) => {
            conversation.seat.rooms().insert(room.clone());
            // A new name that came while the room was entered did not find this session there.
            if conversation.follow_rename()
                && let Some(person) = conversation.principal.as_ref().and_then(Principal::occupant)
            {
                conversation.shared.hub.rename(&room, &person);
            }
            Ok(())
        }
        Err(error) => {
            conversation.seat.rooms().remove(&room);
            Err(of_join(&error))
        }
    }
}

fn leave(conversation: &mut Conversation, room: Room) -> Reply {
    if conversation.seat.rooms().remove(&room) {
        conversation.shared.hub.leave(&room, conversation.id);
    }
    Reply::Left { room }
}

fn send(
    conversation: &Conversation,
    id: u64,
    room: Room,
    nonce: Nonce,
    body: &Body,
) -> Result<Step, ProtocolError> {
    let principal = known(conversation)?;
    let stored = conversation.publish(&principal, &room, nonce, body)?;
    Ok(Step::Await(
        stored
            .map(move |stored| match stored {
                Ok(stored) => reply(
                    id,
                    Reply::Sent { room, position: stored.position, n: stored.n, duplicate: stored.duplicate },
                ),
                Err(error) => refusal(Some(id), error),
            })
            .boxed(),
    ))
}

async fn history(
    conversation: &Conversation,
    room: Room,
    from: command::From,
    limit: Option<u64>,
) -> Result<Reply, ProtocolError> {
    let principal = known(conversation)?;
    allowed(&principal, &room, Action::History)?;
    let limit = limit.map_or(limits::PAGE, |limit| usize::try_from(limit).unwrap_or(limits::PAGE_MAX));
    let limit = limit.clamp(1, limits::PAGE_MAX);
    let from = match from {
        command::From::Before(position) => Anchor::Before(position),
        command::From::After(position) => Anchor::After(position),
        command::From::Around(position) => Anchor::Around(position),
    };
    let core = &conversation.shared.hub.broker().core;
    let run = core.read(&room, Span { from, limit }).await.map_err(|error| of_broker(&error))?;
    if run.found {
        return Ok(Reply::Page(page(room, &run, true)));
    }
    let newest = Span { from: Anchor::Newest, limit };
    let run = core.read(&room, newest).await.map_err(|error| of_broker(&error))?;
    Ok(Reply::Page(page(room, &run, false)))
}

fn page(room: Room, run: &Run, found: bool) -> Page {
    let messages: Vec<Message> = run.entries.iter().filter_map(crate::broker::Entry::message).collect();
    Page { room, messages, older: run.older, newer: run.newer, found }
}

async fn rename(conversation: &mut Conversation, name: Name) -> Result<Reply, ProtocolError> {
    let principal = known(conversation)?;
    let Conversation { shared, address, .. } = &*conversation;
    let keep = shared.addresses.keeps_name(*address, Instant::now());
    let renamed = shared.identity.rename(&principal, name.clone(), keep).await;
    let principal = renamed.map_err(|error| of_state(&error))?;
    let person = principal.occupant();
    conversation.principal = Some(principal);
    if let Some(person) = person {
        conversation.shared.hub.renamed(&conversation.seat, person).await;
    }
    Ok(Reply::Renamed { name })
}

async fn forget(conversation: &mut Conversation) -> Result<Reply, ProtocolError> {
    let principal = known(conversation)?;
    let paced = conversation.shared.addresses.forget(conversation.address, Instant::now());
    paced.map_err(|wait| rate_limited(wait, "too many persons of this address were forgotten"))?;
    let admission =
        conversation.shared.identity.forget(&principal).await.map_err(|error| of_state(&error))?;
    conversation.leave_all();
    let welcome = welcome(conversation, admission);
    // Only now: what ends every connection of the person must not end this one.
    conversation.shared.hub.forgotten(principal.sender.id).await;
    Ok(Reply::Forgotten(welcome))
}
