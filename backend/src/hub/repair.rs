//! Reading a hole: once per room, whatever the cause, delivered in order to all members.

use std::{mem, sync::Arc, time::Duration};

use shared::{limits, text::Position};

use super::{
    Hub,
    join::printable,
    live::{Live, WAITING},
    room::RoomCell,
};
use crate::broker::{Anchor, BrokerError, Span, StoredEntry};

/// For what a room that keeps nothing has said and did not arrive yet.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// How many ring positions are looked up at a time when a history lost its tail.
const LOOK_UP: usize = 128;

impl Hub {
    /// Starts to read what is missing after the room's position, unless that is under way.
    pub(super) fn repair(self: &Arc<Self>, cell: &Arc<RoomCell>) {
        cell.live().begin_repair();
        if cell.start_repair() {
            let (hub, cell) = (self.clone(), cell.clone());
            self.tasks.spawn(async move { hub.run_repair(&cell).await });
        }
    }

    /// Repairs and waits until it is done.
    pub(super) async fn repair_now(self: &Arc<Self>, cell: &Arc<RoomCell>) {
        self.repair(cell);
        cell.repaired().await;
    }

    /// Compares the newest position of every room with the broker's and repairs those that differ.
    pub(super) async fn catch_up(self: &Arc<Self>) {
        let cells = self.cells();
        for cell in &cells {
            // A room that is being opened may have read its page before the interruption: wait until it can be compared.
            if cell.live().last().is_none() {
                drop(cell.gate.lock().await);
            }
        }
        let mut pause = Pause::default();
        loop {
            let rooms: Vec<_> = cells.iter().map(|cell| cell.room().clone()).collect();
            match self.broker.core.heads(&rooms).await {
                Ok(heads) => {
                    for (cell, head) in cells.iter().zip(heads) {
                        let differs = cell.live().last().is_some_and(|last| *last != head);
                        if differs {
                            self.repair(cell);
                        }
                    }
                    return;
                }
                Err(error) => {
                    tracing::debug!("cannot compare rooms yet: {error}");
                    pause.wait().await;
                }
            }
        }
    }

    async fn run_repair(self: &Arc<Self>, cell: &Arc<RoomCell>) {
        loop {
            self.repair_once(cell).await;
            cell.finish_repair();
            // A hole may have been found after the last look and before the mark was taken away.
            if !cell.live().is_repairing() || !cell.start_repair() {
                return;
            }
        }
    }

    async fn repair_once(&self, cell: &RoomCell) {
        let Ok(_permit) = self.repairs.acquire().await else { return };
        self.metrics.repairs.inc();
        let mut pause = Pause::default();
        loop {
            let Some((from, arrived)) = cell.live().repair_from() else { break };
            match self.read_hole(cell, from).await {
                Ok(Read::Nothing(head)) => {
                    self.go_on_without_history(cell, arrived, &head).await;
                    let end = |live: &mut Live| live.end_repair(Vec::new(), &self.budget, &self.metrics);
                    if self.pace.turn(cell, end).await {
                        break;
                    }
                }
                Ok(Read::Whole) => {
                    let end = |live: &mut Live| live.end_repair(arrived, &self.budget, &self.metrics);
                    if self.pace.turn(cell, end).await {
                        break;
                    }
                }
                Err(error) => {
                    tracing::debug!("cannot repair room {} yet: {error}", printable(cell.room()));
                    pause.wait().await;
                }
            }
        }
    }

    /// Delivers everything that the history has after `from`.
    async fn read_hole(&self, cell: &RoomCell, mut from: Position) -> Result<Read, BrokerError> {
        loop {
            let span = Span { from: Anchor::After(from.clone()), limit: limits::RECOVERY_MAX };
            let run = self.broker.core.read(cell.room(), span).await?;
            if !run.found {
                match self.find_base(cell).await? {
                    Base::At(anchor) => from = anchor,
                    Base::None => return Ok(Read::Whole),
                    Base::Passed(head) => return Ok(Read::Nothing(head)),
                }
                continue;
            }
            if let Some(newest) = run.entries.last() {
                from = newest.position.clone();
            }
            let newer = run.newer;
            self.splice_paced(cell, run.entries).await;
            if !newer {
                return Ok(Read::Whole);
            }
        }
    }

    /// The room keeps nothing: what was missed is told as lost. What arrived goes on from there, and so does what may
    /// still be on its way.
    async fn go_on_without_history(&self, cell: &RoomCell, arrived: Vec<StoredEntry>, head: &Position) {
        self.splice_paced(cell, arrived).await;
        let there = |live: &Live| live.last() == Some(head) || live.ring().contains(head);
        if !there(&cell.live()) {
            tokio::time::sleep(ON_ITS_WAY).await;
            cell.live().pass_over(head);
        }
    }

    /// Delivers a long run in parts, each in its turn.
    async fn splice_paced(&self, cell: &RoomCell, run: Vec<StoredEntry>) {
        let (mut part, mut bytes) = (Vec::new(), 0);
        for entry in run {
            bytes += entry.bytes();
            part.push(entry);
            if bytes >= WAITING {
                self.splice_in_turn(cell, mem::take(&mut part)).await;
                bytes = 0;
            }
        }
        if !part.is_empty() {
            self.splice_in_turn(cell, part).await;
        }
    }

    async fn splice_in_turn(&self, cell: &RoomCell, part: Vec<StoredEntry>) {
        self.pace.turn(cell, |live| live.splice(part, &self.budget, &self.metrics)).await;
    }

    /// The history lost its tail, or all of it: finds the newest position that it still has, and tells the room.
    async fn find_base(&self, cell: &RoomCell) -> Result<Base, BrokerError> {
        self.metrics.tails_lost.inc();
        let positions = cell.live().ring().positions();
        for some in positions.chunks(LOOK_UP) {
            if let Some(kept) = self.broker.core.first_kept(cell.room(), some).await? {
                cell.live().roll_back(&kept, &self.budget);
                return Ok(Base::At(kept));
            }
        }
        // Nothing that this node knows is left: go on from just before what there is now.
        let newest = Span { from: Anchor::Newest, limit: limits::RECOVERY_MAX };
        let run = self.broker.core.read(cell.room(), newest).await?;
        let Some(newest) = run.entries.last().map(|last| last.position.clone()) else {
            let head = self.head(cell.room()).await?;
            if !head.is_start() {
                return Ok(Base::Passed(head));
            }
            cell.live().roll_back(&head, &self.budget);
            return Ok(Base::None);
        };
        let before = run.entries.first().map_or_else(Position::start, |first| first.prev.clone());
        cell.live().roll_back(&before, &self.budget);
        self.splice_paced(cell, run.entries).await;
        Ok(Base::At(newest))
    }
}

/// What was read of a hole.
enum Read {
    /// All that there is, and it was delivered.
    Whole,
    /// Nothing is kept of the room, which stands here.
    Nothing(Position),
}

/// Where a history goes on that does not have the node's position.
enum Base {
    At(Position),
    /// There is no history, and there was none.
    None,
    /// There is none, but the room stands here.
    Passed(Position),
}

/// Between tries while the history cannot be read: doubling up to a second.
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(50))
    }
}

impl Pause {
    /// Waits before the next try.
    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(Duration::from_secs(1));
    }
}
