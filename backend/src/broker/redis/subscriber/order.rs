//! Taking rooms and giving them up, many at a time.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use ::redis::aio::PubSubSink;
use shared::text::Room;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{CHUNK, Failure, Subscriber, confirmed};
use crate::broker::{BrokerError, redis::keys::Keys};

/// Orders that wait.
const WAITING: usize = 1024;

/// For an order as a whole. Longer than two confirmations, so that an answer is given rather than missed.
const DEADLINE: Duration = Duration::from_secs(6);

/// A room to take or to give up.
#[derive(Debug)]
pub(in super::super) struct Order {
    room: Room,
    channel: String,
    subscribe: bool,
    answer: oneshot::Sender<Result<(), BrokerError>>,
}

/// Where orders are handed in.
#[derive(Debug)]
pub(in super::super) struct Orders {
    keys: Keys,
    sender: mpsc::Sender<Order>,
}

impl Orders {
    /// Both ends.
    pub(in super::super) fn new(keys: Keys) -> (Self, mpsc::Receiver<Order>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { keys, sender }, receiver)
    }

    /// See [`Core::subscribe`](crate::broker::Core::subscribe).
    pub(in super::super) async fn subscribe(&self, room: &Room) -> Result<(), BrokerError> {
        self.order(room, true).await
    }

    /// See [`Core::unsubscribe`](crate::broker::Core::unsubscribe).
    pub(in super::super) async fn unsubscribe(&self, room: &Room) -> Result<(), BrokerError> {
        self.order(room, false).await
    }

    async fn order(&self, room: &Room, subscribe: bool) -> Result<(), BrokerError> {
        let (answer, answered) = oneshot::channel();
        let order = Order { room: room.clone(), channel: self.keys.channel(room), subscribe, answer };
        let ordered = async {
            self.sender.send(order).await.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        };
        timeout(DEADLINE, ordered).await.unwrap_or(Err(BrokerError::Unknown))
    }
}

impl Subscriber {
    /// Does what is ordered, in its order, as long as the connection confirms it.
    pub(super) async fn obey(&self, sink: &mut PubSubSink, orders: &mut mpsc::Receiver<Order>) -> Failure {
        let mut batch = Vec::new();
        while orders.recv_many(&mut batch, CHUNK).await > 0 {
            // Nobody waits for it any more: for whoever ordered it, it failed.
            batch.retain(|order| !order.answer.is_closed());
            let (taking, giving_up) = self.changes(&batch);
            match change(sink, &taking, &giving_up).await {
                Ok(()) => {
                    {
                        let mut taken = self.taken();
                        for channel in &giving_up {
                            taken.remove(channel);
                        }
                    }
                    let unwanted = answer(batch.drain(..), &taking);
                    if let Err(failure) = change(sink, &[], &unwanted).await {
                        return failure;
                    }
                    let mut taken = self.taken();
                    for channel in &unwanted {
                        taken.remove(channel);
                    }
                }
                Err(failure) => {
                    {
                        let mut taken = self.taken();
                        for channel in &taking {
                            taken.remove(channel);
                        }
                    }
                    let changing: HashSet<_> = taking.into_iter().chain(giving_up).collect();
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
        super::closing()
    }

    /// What the orders come to: the last one for a room counts. Rooms to take are received from the first moment on.
    fn changes(&self, batch: &[Order]) -> (Vec<String>, Vec<String>) {
        let last: HashMap<_, _> = batch.iter().map(|order| (order.channel.as_str(), order)).collect();
        let (mut taking, mut giving_up) = (Vec::new(), Vec::new());
        let mut taken = self.taken();
        for order in last.into_values() {
            if order.subscribe == taken.contains_key(&order.channel) {
                continue;
            }
            if order.subscribe {
                taken.insert(order.channel.clone(), order.room.clone());
                taking.push(order.channel.clone());
            } else {
                giving_up.push(order.channel.clone());
            }
        }
        (taking, giving_up)
    }
}

/// Answers orders while there is no connection. Ends when nobody can order any more.
pub(super) async fn refuse(orders: &mut mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        // Whoever has gone needs no answer.
        let _gone =
            order.answer.send(Err(BrokerError::Unavailable("there is no connection to Redis".to_owned())));
    }
}

async fn change(sink: &mut PubSubSink, taking: &[String], giving_up: &[String]) -> Result<(), Failure> {
    if !taking.is_empty() {
        confirmed(sink.subscribe(taking)).await?;
    }
    if !giving_up.is_empty() {
        confirmed(sink.unsubscribe(giving_up)).await?;
    }
    Ok(())
}

/// Answers orders that were carried out. Returns the channels that were taken for people who have left meanwhile.
fn answer(orders: impl Iterator<Item = Order>, taking: &[String]) -> Vec<String> {
    let mut unwanted: HashSet<_> = taking.iter().cloned().collect();
    for order in orders {
        if order.answer.send(Ok(())).is_ok() {
            unwanted.remove(&order.channel);
        }
    }
    unwanted.into_iter().collect()
}

fn gone() -> BrokerError {
    BrokerError::Unavailable("the node is closing".to_owned())
}
