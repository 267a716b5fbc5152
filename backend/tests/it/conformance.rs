//! What every broker must do, written against the seam alone.
//!
//! A broker joins with a [`Fixture`] and one line, `conformance!(start, start_alone)`: every case becomes a test.

mod amending;
mod delivery;
mod history;
mod model;
mod presence;
mod publishing;
mod rooms;
mod state;

use std::time::Duration;

use backend::broker::{Anchor, Broker, BrokerError, Draft, Event, Record, Run, Span, Stored, StoredEntry};
use shared::{
    person::{Sender, SenderKind},
    text::{Body, Name, Nonce, Room, UserId},
};
use tokio::time::timeout;

pub(crate) use self::{
    amending::*, delivery::*, history::*, model::*, presence::*, publishing::*, rooms::*, state::*,
};

/// Entries that a fixture's broker keeps in a room, or somewhat more.
pub(crate) const HISTORY_MAX: u64 = 200;

/// No single step takes longer, even on a busy machine.
pub(crate) const STEP: Duration = Duration::from_secs(30);

/// A store and the nodes on it.
pub(crate) trait Fixture {
    /// Another node's endpoint, ready.
    async fn broker(&self) -> Broker;

    /// Ends the store without warning and starts it again with what it had kept. Endpoints that were there before
    /// need not work afterwards. Only for fixtures of `start_alone`.
    async fn restart(&mut self);

    /// Cuts every connection to the store; `false` where there are none. Only for fixtures of `start_alone`.
    fn cut(&self) -> bool;
}

/// Makes every case a test. `start` and `start_alone` are functions that give a [`Fixture`];
/// the store of the latter is not shared and can be restarted.
macro_rules! conformance {
    ($start:path, $start_alone:path) => {
        $crate::conformance::conformance!(@ $start:
            chain_and_numbers, duplicate_nonce, duplicate_nonce_racing, uncounted_entries, order_of_calls,
            stale_rights, odd_room_names,
            an_edit_is_seen_everywhere, what_was_deleted_is_nowhere, nothing_to_amend, nonces_of_amendments,
            amendments_race, amending_what_was_trimmed,
            pages, lost_anchor, start_of_an_empty_room, the_start_of_a_room, start_of_a_trimmed_room, heads_of_many_rooms, first_kept,
            large_entries_come_in_bounded_runs, export_has_every_room,
            order_across_nodes, unsubscribing, subscribing_twice, other_rooms, subscriptions_race, a_broadcast_reaches_the_subscribers,
            a_broadcast_reaches_all_nodes,
            announcements_reach_the_others, the_dead_are_nowhere, many_rooms_are_announced_at_once,
            versions, no_lost_update, take_once, expiry, list_pages, rights_end_with_their_record,
            room_records_lose_no_update, a_room_keeps_what_its_record_says,
            a_room_that_keeps_nothing_passes_on,
            like_lists_in_memory,
        );
        $crate::conformance::conformance!(@ $start_alone:
            restart_keeps_everything, duplicate_nonce_after_restart, amended_after_restart,
            like_lists_in_memory_through_cuts,
        );
    };
    (@ $start:path: $($case:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let mut fixture = $start();
            let case = $crate::conformance::$case(&mut fixture);
            tokio::time::timeout(std::time::Duration::from_secs(120), case).await.expect("the case hangs");
        }
    )*};
}
pub(crate) use conformance;

/// Waits until the broker is ready with a generation greater than `after`.
pub(crate) async fn ready(broker: &Broker, after: u64) -> u64 {
    let mut health = broker.core.health();
    let ready = health.wait_for(|health| health.ready && health.generation > after);
    let ready = timeout(STEP, ready).await.expect("the broker does not get ready").unwrap();
    ready.generation
}

/// A room.
pub(crate) fn room(name: &str) -> Room {
    Room::parse(name).unwrap()
}

/// A message of somebody.
pub(crate) fn draft(who: &str, nonce: &str, text: &str) -> Draft {
    let (id, nonce) = (UserId::parse(who).unwrap(), Nonce::parse(nonce).unwrap());
    let sender = Sender { id: id.clone(), name: Name::parse(who).unwrap(), kind: SenderKind::Guest };
    let record = Record::message(1, &sender, &nonce, &Body::parse(text).unwrap());
    Draft { sender: id, nonce, counts: true, amends: None, rights: 0, record }
}

/// Publishes a message of anna.
pub(crate) async fn say(broker: &Broker, room: &Room, nonce: &str) -> Result<Stored, BrokerError> {
    broker.core.publish(room, draft("anna", nonce, &format!("text of {nonce}"))).await
}

/// Publishes `count` messages and gives them as the history has them.
pub(crate) async fn say_many(broker: &Broker, room: &Room, count: usize) -> Vec<StoredEntry> {
    let mut stored = Vec::new();
    for number in 0..count {
        stored.push(
            broker.core.publish(room, draft("anna", &format!("many-{number}"), &format!("text {number}"))),
        );
    }
    for stored in stored {
        stored.await.unwrap();
    }
    let run = read(broker, room, Anchor::Newest, count).await;
    assert_eq!(run.entries.len(), count);
    run.entries
}

/// Reads a run.
pub(crate) async fn read(broker: &Broker, room: &Room, from: Anchor, limit: usize) -> Run {
    broker.core.read(room, Span { from, limit }).await.unwrap()
}

/// The nonces of entries, which name them in these tests.
pub(crate) fn nonces(entries: &[StoredEntry]) -> Vec<String> {
    entries.iter().map(|entry| entry.message().unwrap().nonce.to_string()).collect()
}

/// Every entry names the one before it.
pub(crate) fn assert_chain(entries: &[StoredEntry]) {
    for pair in entries.windows(2) {
        assert_eq!(pair[1].prev, pair[0].position);
    }
}

/// The next event of a node.
pub(crate) async fn next(broker: &Broker) -> Event {
    let lanes = broker.lanes.iter().map(|lane| Box::pin(lane.next()));
    timeout(STEP, futures_util::future::select_all(lanes)).await.expect("nothing arrives").0
}

/// The entries of the room that a node receives, up to and including the one with this nonce.
pub(crate) async fn heard(broker: &Broker, room: &Room, last: &str) -> Vec<StoredEntry> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|entry: &StoredEntry| entry.message().unwrap().nonce.as_str() != last) {
        match next(broker).await {
            Event::Entries(of, entries) if of == *room => heard.extend(entries),
            other => panic!("received {other:?}"),
        }
    }
    heard
}
