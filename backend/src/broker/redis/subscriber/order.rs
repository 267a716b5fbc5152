//! Where subscriptions are ordered.

use std::time::Duration;

use shared::text::Room;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::broker::{BrokerError, redis::keys::Keys};

/// Orders that wait.
const WAITING: usize = 1024;

/// For an order as a whole. Longer than two confirmations, so that an answer is given rather than missed.
const DEADLINE: Duration = Duration::from_secs(6);

/// A room to take or to give up.
#[derive(Debug)]
pub(in super::super) struct Order {
    pub(super) room: Room,
    pub(super) channel: String,
    pub(super) subscribe: bool,
    pub(super) answer: oneshot::Sender<Result<(), BrokerError>>,
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

/// Answers orders while there is no connection. Ends when nobody can order any more.
pub(super) async fn refuse(orders: &mut mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        // Whoever has gone needs no answer.
        let _gone =
            order.answer.send(Err(BrokerError::Unavailable("there is no connection to Redis".to_owned())));
    }
}

fn gone() -> BrokerError {
    BrokerError::Unavailable("the node is closing".to_owned())
}
