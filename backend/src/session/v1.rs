//! The `hubbub.v1` dialect: every command is answered by a reply with its request id. One file for each command.

mod forget;
mod hello;
mod history;
mod join;
mod leave;
mod react;
mod rename;
mod send;

use shared::{
    command::{Command, Refused, Request},
    error::{ErrorCode, ProtocolError},
    event::{Event, Reply, ServerFrame},
};

use super::{
    conversation::Conversation,
    publication::Ack,
    step::{Step, Task},
};
use crate::{identity::Principal, outbox::Frame};

/// What came of a command that is done before the next frame is read.
enum Done {
    /// Say this.
    Reply(Reply),
    /// It is said already.
    Said,
    /// An entry is queued; its answer comes later.
    Queued(Ack),
}

pub(super) fn hear(conversation: &mut Conversation, text: &str) -> Step {
    match Request::decode(text) {
        Ok(Request { id, command }) => {
            conversation.follow_rename();
            dispatch(conversation, id, command)
        }
        Err(Refused { id, error }) => refuse(conversation, id, error),
    }
}

/// Commands that wait for nothing are done at once, all others before the next frame is read.
fn dispatch(conversation: &Conversation, id: u64, command: Command) -> Step {
    match command {
        Command::Ping => Step::Say(reply(id, Reply::Pong)),
        Command::Send(send) => {
            send::step(conversation, id, send).unwrap_or_else(|error| refuse(conversation, Some(id), error))
        }
        Command::Hello(_)
        | Command::Join(_)
        | Command::Leave(_)
        | Command::React(_)
        | Command::History(_)
        | Command::Rename(_)
        | Command::Forget => Step::Do(Task::V1(id, command)),
    }
}

/// Does a command and puts its reply into the outbox.
pub(super) async fn perform(conversation: &mut Conversation, id: u64, command: Command) -> Option<Ack> {
    let done = match command {
        Command::Hello(hello) => hello::perform(conversation, id, hello).await,
        Command::Join(join) => join::perform(conversation, id, join).await,
        Command::Leave(leave) => Ok(leave::perform(conversation, leave)),
        Command::React(react) => react::perform(conversation, id, react).await,
        Command::History(history) => history::perform(conversation, history).await,
        Command::Rename(rename) => rename::perform(conversation, rename).await,
        Command::Forget => forget::perform(conversation).await,
        Command::Send(_) | Command::Ping => Ok(Done::Said),
    };
    match done {
        Ok(Done::Reply(answer)) => conversation.outbox.push(reply(id, answer)),
        Ok(Done::Said) => {}
        Ok(Done::Queued(ack)) => return Some(ack),
        Err(error) => {
            conversation.node.metrics.refusals.inc();
            conversation.outbox.push(refusal(Some(id), error));
        }
    }
    None
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

/// Refuses a frame.
pub(super) fn refuse(conversation: &Conversation, id: Option<u64>, error: ProtocolError) -> Step {
    conversation.node.metrics.refusals.inc();
    Step::Say(refusal(id, error))
}

fn reply(id: u64, reply: Reply) -> Frame {
    ServerFrame::Reply(id, reply).encode().into()
}

/// Who asks; nobody before `hello`.
fn principal(conversation: &Conversation) -> Result<Principal, ProtocolError> {
    conversation.principal.clone().ok_or_else(|| ProtocolError::new(ErrorCode::HelloFirst, "say hello first"))
}
