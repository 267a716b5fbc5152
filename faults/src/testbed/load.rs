//! The load: messages at a given rate, from random clients.

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::client::SendOrder;

/// A source of messages that can be paused and made faster.
#[derive(Debug)]
pub struct Load {
    going: watch::Sender<bool>,
    rate: watch::Sender<u32>,
    senders: watch::Sender<Vec<mpsc::Sender<SendOrder>>>,
    task: JoinHandle<()>,
}

impl Load {
    /// Starts paused.
    pub fn start(rate: u32, seed: u64) -> Self {
        let going = watch::channel(false).0;
        let senders = watch::channel(Vec::new()).0;
        let rate = watch::channel(rate).0;
        let task = tokio::spawn(speak(going.subscribe(), rate.subscribe(), senders.subscribe(), seed));
        Self { going, rate, senders, task }
    }

    /// Resumes or pauses.
    pub fn go(&self, on: bool) {
        self.going.send_replace(on);
    }

    /// Messages per second from now on.
    pub fn set_rate(&self, rate: u32) {
        self.rate.send_replace(rate);
    }

    pub(super) fn attach(&self, senders: Vec<mpsc::Sender<SendOrder>>) {
        self.senders.send_replace(senders);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn speak(
    going: watch::Receiver<bool>,
    rate: watch::Receiver<u32>,
    senders: watch::Receiver<Vec<mpsc::Sender<SendOrder>>>,
    seed: u64,
) {
    const TICKS: u32 = 100;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut ticks = interval(Duration::from_secs(1) / TICKS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due = 0;
    loop {
        ticks.tick().await;
        if !*going.borrow() {
            continue;
        }
        due += *rate.borrow();
        while due >= TICKS {
            due -= TICKS;
            let senders = senders.borrow();
            if let Some(sender) = random.choice(senders.iter()) {
                // A client that is away for long drops what it cannot queue.
                sender.try_send(SendOrder(random.usize(..2))).ok();
            }
        }
    }
}
