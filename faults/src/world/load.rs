//! The load: so many messages per second, from random clients.

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::client::Say;

/// A source of messages that can be paused and made faster.
#[derive(Debug)]
pub struct Load {
    going: watch::Sender<bool>,
    rate: watch::Sender<u32>,
    mouths: watch::Sender<Vec<mpsc::Sender<Say>>>,
    task: JoinHandle<()>,
}

impl Load {
    /// Paused at first.
    pub fn start(rate: u32, seed: u64) -> Self {
        let going = watch::channel(false).0;
        let mouths = watch::channel(Vec::new()).0;
        let rate = watch::channel(rate).0;
        let task = tokio::spawn(speak(going.subscribe(), rate.subscribe(), mouths.subscribe(), seed));
        Self { going, rate, mouths, task }
    }

    /// Goes on or pauses.
    pub fn go(&self, on: bool) {
        self.going.send_replace(on);
    }

    /// Messages per second from now on.
    pub fn set_rate(&self, rate: u32) {
        self.rate.send_replace(rate);
    }

    pub(super) fn speak_through(&self, mouths: Vec<mpsc::Sender<Say>>) {
        self.mouths.send_replace(mouths);
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
    mouths: watch::Receiver<Vec<mpsc::Sender<Say>>>,
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
            let mouths = mouths.borrow();
            if let Some(mouth) = random.choice(mouths.iter()) {
                // A client that is away for long says no more than it can keep.
                mouth.try_send(Say(random.usize(..2))).ok();
            }
        }
    }
}
