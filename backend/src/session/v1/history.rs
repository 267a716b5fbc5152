//! `history`: a page of what a room keeps.

use shared::{
    command::{History, PageAnchor},
    error::ProtocolError,
    event::{Page, Reply},
    limits,
};

use super::{Done, principal};
use crate::{
    broker::{Anchor, Span},
    hub::encoded,
    policy::Action,
    session::{
        conversation::{Conversation, allowed},
        refusal::of_broker,
    },
};

pub(super) async fn perform(conversation: &Conversation, history: History) -> Result<Done, ProtocolError> {
    let History { room, anchor, limit } = history;
    let principal = principal(conversation)?;
    allowed(&principal, &room, Action::History)?;
    let limit = limit.map_or(limits::PAGE, |limit| usize::try_from(limit).unwrap_or(limits::PAGE_MAX));
    let limit = limit.clamp(1, limits::PAGE_MAX);
    let from = match anchor {
        PageAnchor::Before(position) => Anchor::Before(position),
        PageAnchor::After(position) => Anchor::After(position),
        PageAnchor::Around(position) => Anchor::Around(position),
    };
    let core = &conversation.node.broker.core;
    let mut run = core.read(&room, Span { from, limit }).await.map_err(|error| of_broker(&error))?;
    let found = run.found;
    if !found {
        let newest = Span { from: Anchor::Newest, limit };
        run = core.read(&room, newest).await.map_err(|error| of_broker(&error))?;
    }
    let entries = encoded::page(&run.entries);
    Ok(Done::Reply(Reply::Page(Page { room, entries, older: run.older, newer: run.newer, found })))
}
