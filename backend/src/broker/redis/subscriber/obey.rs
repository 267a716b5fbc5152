//! Subscribing to rooms and unsubscribing, many at a time.

use std::collections::{HashMap, HashSet};

use ::redis::aio::PubSubSink;
use tokio::sync::mpsc;

use super::{CHUNK, Subscriber, closing, confirmed, order::Order};
use crate::broker::redis::failure::Failure;

impl Subscriber {
    /// Subscribes and unsubscribes as ordered, as long as the connection confirms it.
    pub(super) async fn obey(&self, sink: &mut PubSubSink, orders: &mut mpsc::Receiver<Order>) -> Failure {
        let mut batch = Vec::new();
        while orders.recv_many(&mut batch, CHUNK).await > 0 {
            // Nobody waits for it any more: for whoever ordered it, it failed.
            batch.retain(|order| !order.answer.is_closed());
            let (subscribing, unsubscribing) = self.changes(&batch);
            match change(sink, &subscribing, &unsubscribing).await {
                Ok(()) => {
                    {
                        let mut rooms = self.rooms();
                        for channel in &unsubscribing {
                            rooms.remove(channel);
                        }
                    }
                    let unwanted = answer(batch.drain(..), &subscribing);
                    if let Err(failure) = change(sink, &[], &unwanted).await {
                        return failure;
                    }
                    let mut rooms = self.rooms();
                    for channel in &unwanted {
                        rooms.remove(channel);
                    }
                }
                Err(failure) => {
                    {
                        let mut rooms = self.rooms();
                        for channel in &subscribing {
                            rooms.remove(channel);
                        }
                    }
                    let changing: HashSet<_> = subscribing.into_iter().chain(unsubscribing).collect();
                    for order in batch.drain(..) {
                        let result = if changing.contains(&order.channel) {
                            Err(failure.clone().unanswered())
                        } else {
                            Ok(())
                        };
                        // Whoever has gone needs no answer.
                        let _gone = order.answer.send(result);
                    }
                    return failure;
                }
            }
        }
        closing()
    }

    /// What the orders come to: the last one for a room counts. A room is in the list before its subscription is
    /// confirmed, so that nothing that arrives is dropped.
    fn changes(&self, batch: &[Order]) -> (Vec<String>, Vec<String>) {
        let last: HashMap<_, _> = batch.iter().map(|order| (order.channel.as_str(), order)).collect();
        let (mut subscribing, mut unsubscribing) = (Vec::new(), Vec::new());
        let mut rooms = self.rooms();
        for order in last.into_values() {
            if order.subscribe == rooms.contains_key(&order.channel) {
                continue;
            }
            if order.subscribe {
                rooms.insert(order.channel.clone(), order.room.clone());
                subscribing.push(order.channel.clone());
            } else {
                unsubscribing.push(order.channel.clone());
            }
        }
        (subscribing, unsubscribing)
    }
}

async fn change(
    sink: &mut PubSubSink,
    subscribing: &[String],
    unsubscribing: &[String],
) -> Result<(), Failure> {
    if !subscribing.is_empty() {
        confirmed(sink.subscribe(subscribing)).await?;
    }
    if !unsubscribing.is_empty() {
        confirmed(sink.unsubscribe(unsubscribing)).await?;
    }
    Ok(())
}

/// Answers orders that were carried out. Returns the channels that nobody waits for any more.
fn answer(orders: impl Iterator<Item = Order>, subscribing: &[String]) -> Vec<String> {
    let mut unwanted: HashSet<_> = subscribing.iter().cloned().collect();
    for order in orders {
        if order.answer.send(Ok(())).is_ok() {
            unwanted.remove(&order.channel);
        }
    }
    unwanted.into_iter().collect()
}
