//! What a client makes of what it hears.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::Result;
use shared::{
    error::{ErrorCode, Retry},
    event::{Event, Happened, Joined, Reply, ServerFrame},
    text::{Nonce, Position},
};

use super::{AGAIN, Asked, Client, link};
use crate::checker::ClientEvent;

impl Client {
    pub(super) fn take(&mut self, node: usize, frame: ServerFrame) -> Result<()> {
        match frame {
            ServerFrame::Reply(id, reply) => self.take_reply(id, reply),
            ServerFrame::Event(
                Event::Message(Happened { room, entry }) | Event::Entry(Happened { room, entry }),
            ) => {
                let message = entry.message();
                let body = message.as_ref().map_or("", |message| message.body.as_str());
                if let Some(sent) = body.split(' ').next().and_then(|text| text.parse().ok()) {
                    self.state.hear(node, sent);
                }
                let link = link(&entry);
                self.at.insert(room.clone(), link.position.clone());
                self.seen.push(ClientEvent::Message { room, link });
                Ok(())
            }
            ServerFrame::Event(Event::Lost(shared::event::Lost { room, after, .. })) => {
                self.state.tell();
                self.at.insert(room.clone(), after.clone());
                self.seen.push(ClientEvent::Lost { room, after });
                Ok(())
            }
            ServerFrame::Event(Event::Move(shared::event::Move { after_ms })) => {
                self.leave_at = Some(Instant::now() + Duration::from_millis(after_ms));
                Ok(())
            }
            ServerFrame::Event(Event::Presence(_) | Event::Status(_) | Event::Error(_) | Event::Unknown) => {
                Ok(())
            }
        }
    }

    fn take_reply(&mut self, id: u64, reply: Reply) -> Result<()> {
        let Some(asked) = self.asked.remove(&id) else { return Ok(()) };
        match (asked, reply) {
            (Asked::Hello, Reply::Welcome(welcome)) => {
                self.token = Some(welcome.token);
                if self.plan.repeats && self.repeaters.is_empty() {
                    self.start_repeaters();
                }
            }
            (Asked::Hello, Reply::Error(_)) => self.turned_away = true,
            (Asked::Hello, other) => anyhow::bail!("hello was answered with {other:?}"),
            (Asked::Join(_, since), Reply::Joined(joined)) => self.joined(joined, since),
            (Asked::Join(room, _), _) => self.refused.push((room, Instant::now() + AGAIN)),
            (Asked::Send(nonce, since), reply) => {
                self.state.answered(since.elapsed());
                self.answered(nonce, reply);
            }
        }
        Ok(())
    }

    fn joined(&mut self, joined: Joined, since: Option<Position>) {
        let Joined { room, position, recovered, entries, .. } = joined;
        if since.is_some() && !recovered {
            self.state.tell();
        }
        for message in entries.messages() {
            // It came back: it was stored, whatever the answer was.
            self.settle(&message.nonce);
        }
        self.at.insert(room.clone(), position.clone());
        self.inside.insert(room.clone());
        let messages = entries.iter().map(link).collect();
        self.seen.push(ClientEvent::Joined { room, since, recovered, position, messages });
        if !self.settled && self.inside.len() == self.plan.rooms.len() {
            self.settled = true;
            self.state.settled.fetch_add(1, Relaxed);
            if let Some(since) = self.gone_since.take() {
                self.state.was_away(since.elapsed());
            }
        }
    }

    fn answered(&mut self, nonce: Nonce, reply: Reply) {
        match reply {
            Reply::Sent(shared::event::Sent { room, position, duplicate, .. }) => {
                self.settle(&nonce);
                self.seen.push(ClientEvent::Acked { room, nonce, position, duplicate });
            }
            Reply::Error(error) => {
                self.state.refused(error.code);
                let retry = error.code.retry();
                if let Some(pending) = self.pending.iter_mut().find(|pending| pending.nonce == nonce) {
                    let (room, nonce) = (pending.room.clone(), nonce.clone());
                    self.seen.push(ClientEvent::Refused { room, nonce, on: self.connection });
                    if retry == Retry::SameNonce {
                        pending.due = Instant::now() + AGAIN;
                    }
                }
                if retry == Retry::Never {
                    self.settle(&nonce);
                }
                debug_assert_ne!(error.code, ErrorCode::HelloFirst);
            }
            _ => self.settle(&nonce),
        }
    }

    fn settle(&mut self, nonce: &Nonce) {
        if let Some(index) = self.pending.iter().position(|pending| pending.nonce == *nonce) {
            self.pending.remove(index);
            self.state.pending.fetch_sub(1, Relaxed);
        }
    }
}
