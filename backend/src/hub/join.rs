//! Entering and leaving a room.
//!
//! A member's stream is: the page up to the room's position at the moment of entering, then everything the room
//! delivers after it. Both are fixed in one step, so live traffic and history cannot overlap or leave a hole.

mod page;

use std::{sync::Arc, time::Instant};

use shared::{
    event::Joined,
    limits,
    text::{Position, Room},
};

use self::page::Found;
#[cfg(test)]
pub(crate) use self::page::PAGE_BYTES;
use super::{
    Hub, encoded,
    live::{End, Member, Outcome},
    room::{Gate, RoomCell},
};
use crate::{
    broker::{
        Anchor, BrokerError, Span,
        presence::{Announcement, Occupant},
    },
    outbox::Frame,
    peer::SessionId,
};

/// How often a join is tried again because the client knows a position that the node does not know yet.
const CATCH_UPS: usize = 3;

/// Why a room could not be entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The broker refused to subscribe, or the history could not be read.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The room has no history yet and may not be made.
    #[error("too many new rooms")]
    NewRoom(std::time::Duration),
}

/// Decides whether a room without history may be opened: `Err` is how long to wait.
pub type MayOpen<'a> = &'a (dyn Fn(Instant) -> Result<(), std::time::Duration> + Send + Sync);

impl Hub {
    /// Enters a room without asking for its history.
    pub async fn subscribe(
        self: &Arc<Self>,
        room: &Room,
        member: Member,
        may_open: MayOpen<'_>,
    ) -> Result<(), JoinError> {
        self.enter(room, member, false, may_open).await.map(drop)
    }

    /// Enters a room and answers with its newest page or with exactly what came after `since`.
    /// The answer and all that follows go to the member's outbox, in order.
    pub async fn join(
        self: &Arc<Self>,
        room: &Room,
        member: Member,
        since: Option<Position>,
        may_open: MayOpen<'_>,
        answer: impl Fn(Joined) -> Frame + Send,
    ) -> Result<(), JoinError> {
        let session = member.session;
        for attempt in 0.. {
            let (cell, position) = self.enter(room, member.clone(), true, may_open).await?;
            match self.page(&cell, &position, since.as_ref()).await {
                Ok(Found::Page(page)) => {
                    let mut live = cell.live();
                    let (here, people) = (live.people().count(), live.people().listed());
                    let joined = Joined {
                        room: room.clone(),
                        position,
                        recovered: page.recovered,
                        entries: encoded::list(room, page.entries.iter().map(AsRef::as_ref)),
                        older: page.older,
                        here,
                        people,
                    };
                    live.release(session, answer(joined));
                    return Ok(());
                }
                Ok(Found::Moved) if attempt < CATCH_UPS => self.repair_now(&cell).await,
                Ok(Found::Moved) => {
                    self.leave(room, session);
                    return Err(BrokerError::Unknown.into());
                }
                Err(error) => {
                    self.leave(room, session);
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Leaves a room. Leaving a room that was not joined does nothing.
    pub fn leave(self: &Arc<Self>, room: &Room, session: SessionId) {
        if let Some(cell) = self.find(room) {
            let empty = {
                let mut live = cell.live();
                let empty = live.leave(session);
                self.announce_if_changed(&cell, &mut live);
                empty
            };
            if empty {
                self.linger(cell);
            }
        }
    }

    /// Tells a room that somebody in it has a new name.
    pub fn rename(&self, room: &Room, person: &Occupant) {
        if let Some(cell) = self.find(room) {
            let mut live = cell.live();
            live.rename(person);
            self.announce_if_changed(&cell, &mut live);
        }
    }

    /// Puts the member in, opening the room if it is the first; answers where the room stood in that moment.
    async fn enter(
        self: &Arc<Self>,
        room: &Room,
        member: Member,
        hold: bool,
        may_open: MayOpen<'_>,
    ) -> Result<(Arc<RoomCell>, Position), JoinError> {
        loop {
            let cell = self.find_or_insert(room);
            let mut gate = cell.gate.lock().await;
            if gate.gone {
                continue;
            }
            if !gate.taken {
                self.open(&cell, &mut gate, may_open).await?;
            }
            let mut live = cell.live();
            let Some(position) = live.last().cloned() else {
                unreachable!("a taken room is open");
            };
            live.enter(member, hold);
            self.announce_if_changed(&cell, &mut live);
            drop(live);
            drop(gate);
            return Ok((cell, position));
        }
    }

    /// The first member: takes the room, then reads its newest page. On failure the room is as if never asked for.
    async fn open(
        self: &Arc<Self>,
        cell: &Arc<RoomCell>,
        gate: &mut Gate,
        may_open: MayOpen<'_>,
    ) -> Result<(), JoinError> {
        match self.take_and_read(cell.room(), may_open).await {
            Ok((end, others)) => {
                gate.taken = true;
                tracing::info!("subscribing on the pub sub to room: {}", printable(cell.room()));
                let outcome = {
                    let mut live = cell.live();
                    for shown in others {
                        live.update_people(|people| people.apply(shown));
                    }
                    live.open(end, &self.budget, &self.metrics)
                };
                if outcome == Outcome::Hole {
                    self.repair(cell);
                }
                Ok(())
            }
            Err(error) => {
                gate.gone = true;
                self.remove(cell);
                Err(error)
            }
        }
    }

    async fn take_and_read(
        &self,
        room: &Room,
        may_open: MayOpen<'_>,
    ) -> Result<(End, Vec<Announcement>), JoinError> {
        self.broker.core.subscribe(room).await?;
        let (end, others) = tokio::join!(self.read_end(room), self.fetch_peers(room));
        let allowed = match end {
            Ok((newest, end)) if end.is_start() => {
                may_open(Instant::now()).map_err(JoinError::NewRoom).map(|()| (newest, end))
            }
            Ok(end) => Ok(end),
            Err(error) => Err(error.into()),
        };
        if allowed.is_err()
            && let Err(error) = self.broker.core.unsubscribe(room).await
        {
            tracing::warn!("could not give up room {} after a failed join: {error}", printable(room));
        }
        allowed.map(|end| (end, others))
    }

    /// Where a room stands: behind its newest entries or, if all of them went by their age, where its chain goes on.
    async fn read_end(&self, room: &Room) -> Result<End, BrokerError> {
        let newest = || self.broker.core.read(room, Span { from: Anchor::Newest, limit: limits::PAGE });
        let mut entries = newest().await?.entries;
        let mut end = Position::start();
        if entries.is_empty() {
            end = self.head(room).await?;
            if !end.is_start() {
                // Somebody may have spoken between the two.
                entries = newest().await?.entries;
            }
        }
        if let Some(last) = entries.last() {
            end = last.position.clone();
        }
        Ok((entries, end))
    }

    /// The newest position of a room.
    pub(super) async fn head(&self, room: &Room) -> Result<Position, BrokerError> {
        let heads = self.broker.core.heads(std::slice::from_ref(room)).await?;
        Ok(heads.into_iter().next().unwrap_or_else(Position::start))
    }

    /// Waits a moment for somebody to come back, then gives the room up.
    fn linger(self: &Arc<Self>, cell: Arc<RoomCell>) {
        let hub = self.clone();
        self.tasks.spawn(async move {
            {
                let mut gate = cell.gate.lock().await;
                if gate.gone || !gate.taken || gate.lingering {
                    return;
                }
                gate.lingering = true;
            }
            loop {
                tokio::time::sleep(hub.settings.linger).await;
                let mut gate = cell.gate.lock().await;
                if !cell.live().is_empty() {
                    gate.lingering = false;
                    return;
                }
                match hub.broker.core.unsubscribe(cell.room()).await {
                    Ok(()) => {
                        gate.gone = true;
                        hub.remove(&cell);
                        tracing::info!(
                            "unsubscribing from the pub sub from room: {}",
                            printable(cell.room())
                        );
                        return;
                    }
                    Err(error) => tracing::debug!("room {} stays for now: {error}", printable(cell.room())),
                }
            }
        });
    }

    /// The page that ends at `position`: what came after `since` if that can be proved complete, else the newest.
    async fn page(
        &self,
        cell: &RoomCell,
        position: &Position,
        since: Option<&Position>,
    ) -> Result<Found, BrokerError> {
        if let Some(since) = since {
            if let Some(found) = page::resumed_from_ring(cell.live().ring(), position, since) {
                self.metrics.resumes_ring.inc();
                return Ok(found);
            }
            self.metrics.resumes_log.inc();
            let span = Span { from: Anchor::After(since.clone()), limit: limits::RECOVERY_MAX };
            let run = self.broker.core.read(cell.room(), span).await?;
            if let Some(found) = page::resumed_from_log(run, position) {
                return Ok(found);
            }
            self.metrics.resumes_failed.inc();
        }
        if let Some(found) = page::newest_from_ring(cell.live().ring(), position) {
            return Ok(found);
        }
        let span = Span { from: Anchor::Through(position.clone()), limit: limits::PAGE };
        let run = self.broker.core.read(cell.room(), span).await?;
        if !run.found {
            let after = Span { from: Anchor::After(position.clone()), limit: 1 };
            if cell.live().ring().passed(position) || self.broker.core.read(cell.room(), after).await?.found {
                return Ok(page::all_gone());
            }
        }
        Ok(page::newest_from_log(run, position))
    }
}

/// A room name for a log line: control characters cannot forge a second line.
pub fn printable(room: &Room) -> String {
    let mut text = String::with_capacity(room.as_str().len());
    for c in room.as_str().chars() {
        if c.is_control() || shared::text::turns_direction(c) {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}
