//! The connection as a pure state machine: (state, input) -> new state and effects.
//!
//! All times are in milliseconds on a clock that never goes back and goes on while the device sleeps.

use shared::close::{self, Return};

use super::backoff;

/// Longest time from opening a socket until it is open, and from hello to welcome.
pub const PATIENCE_MS: u64 = 10_000;

/// Time between pings.
pub const PING_EVERY_MS: u64 = 25_000;

/// Longest time from a ping to its pong. A connection that takes longer is given up.
pub const PONG_WITHIN_MS: u64 = 10_000;

/// If a timer fires this late, the device slept or the browser suspended the page.
pub const SLEPT_MS: u64 = 20_000;

/// A page that was hidden for at least this long checks its connection.
pub const HIDDEN_MS: u64 = 60_000;

/// A connection that was live for this long resets the count of failures.
const SETTLED_MS: u64 = 10_000;

/// What the connection is doing, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Not asked to connect yet.
    #[default]
    Idle,
    /// Opening the socket or waiting for the welcome.
    Connecting,
    /// Commands are answered.
    Live,
    /// Waits before the next try.
    Waiting {
        /// When the next try starts, on the steady clock.
        until: u64,
    },
    /// Like `Waiting`, and the device says that it has no network.
    Offline,
    /// The server said not to come back. A person may still try.
    Ended {
        /// The close code.
        code: u16,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// There is a name: connect.
    Start,
    /// The socket is open.
    Open,
    /// The socket is closed, or could not be opened.
    Closed(u16),
    /// Hello was answered with a welcome.
    Welcome,
    /// Hello was answered with an error.
    Refused,
    /// A ping was answered.
    Pong,
    /// Anything else arrived.
    Frame,
    /// The server asks to connect again after so many milliseconds.
    Move(u64),
    /// The time of the last [`Effect::WakeAt`] has come.
    Tick,
    /// The device has a network again.
    Online,
    /// The device says that it has no network.
    Offline,
    /// The page is visible again after so many milliseconds.
    Visible(u64),
    /// A person asks to connect now.
    TryNow,
    /// Close and stay closed.
    Stop,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Open a new socket.
    Connect,
    /// Say hello.
    Hello,
    /// Send a ping.
    Ping,
    /// Close the socket, without waiting for anything.
    Drop,
    /// A round trip was measured, in milliseconds.
    RoundTrip(u64),
    /// Feed [`Input::Tick`] at this time, instead of at the time before.
    WakeAt(u64),
}

/// The state.
#[derive(Debug, Default)]
pub struct Machine {
    phase: Phase,
    /// Failed tries in a row.
    failures: u32,
    /// The device says that it has no network. It may be wrong: the server may run on the device.
    offline: bool,
    /// The last [`Effect::WakeAt`].
    wake: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Phase {
    #[default]
    Idle,
    Opening {
        deadline: u64,
    },
    Greeting {
        deadline: u64,
    },
    Live(Live),
    Waiting {
        until: u64,
    },
    Ended {
        code: u16,
    },
}

#[derive(Debug, Clone, Copy)]
struct Live {
    since: u64,
    next_ping: u64,
    /// When the unanswered ping was sent.
    asked: Option<u64>,
    /// When the last frame arrived.
    heard: u64,
    /// When to reconnect, if the server asked for it.
    move_at: Option<u64>,
}

impl Machine {
    /// What the connection is doing.
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Idle => Status::Idle,
            Phase::Opening { .. } | Phase::Greeting { .. } => Status::Connecting,
            Phase::Live(_) => Status::Live,
            Phase::Waiting { .. } if self.offline => Status::Offline,
            Phase::Waiting { until } => Status::Waiting { until },
            Phase::Ended { code } => Status::Ended { code },
        }
    }

    /// Takes one input. `random` is in `0.0..1.0` and different each time.
    pub fn step(&mut self, input: Input, now: u64, random: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let out = &mut effects;
        match input {
            Input::Start => {
                if matches!(self.phase, Phase::Idle) {
                    self.connect(now, out);
                }
            }
            Input::Open => {
                if matches!(self.phase, Phase::Opening { .. }) {
                    self.phase = Phase::Greeting { deadline: now + PATIENCE_MS };
                    out.push(Effect::Hello);
                }
            }
            Input::Welcome => {
                if matches!(self.phase, Phase::Greeting { .. }) {
                    self.phase = Phase::Live(Live {
                        since: now,
                        next_ping: now + 1000,
                        asked: None,
                        heard: now,
                        move_at: None,
                    });
                }
            }
            Input::Refused => {
                if matches!(self.phase, Phase::Greeting { .. }) {
                    out.push(Effect::Drop);
                    self.fail(Return::Backoff, now, random);
                }
            }
            Input::Closed(code) => match (self.phase, close::after(code)) {
                (Phase::Idle | Phase::Waiting { .. } | Phase::Ended { .. }, _) => {}
                (_, Return::Never) => self.phase = Phase::Ended { code },
                (_, decision) => self.fail(decision, now, random),
            },
            Input::Pong => {
                if let Phase::Live(live) = &mut self.phase
                    && let Some(asked) = live.asked.take()
                {
                    out.push(Effect::RoundTrip(now.saturating_sub(asked)));
                }
            }
            Input::Frame => {
                if let Phase::Live(live) = &mut self.phase {
                    live.heard = now;
                }
            }
            Input::Move(after) => {
                if let Phase::Live(live) = &mut self.phase {
                    live.move_at.get_or_insert(now + after);
                }
            }
            Input::Tick => {
                let slept = self.wake.is_some_and(|due| now >= due + SLEPT_MS);
                self.tick(slept, now, random, out);
            }
            Input::Online => {
                self.offline = false;
                self.nudge(now, out);
            }
            Input::Offline => {
                self.offline = true;
                self.probe(now, out);
            }
            Input::Visible(hidden) => {
                if hidden >= HIDDEN_MS {
                    self.nudge(now, out);
                }
            }
            Input::TryNow => match self.phase {
                Phase::Waiting { .. } | Phase::Ended { .. } => self.connect(now, out),
                _ => self.probe(now, out),
            },
            Input::Stop => {
                self.phase = Phase::Idle;
                out.push(Effect::Drop);
            }
        }
        self.arm(out);
        effects
    }

    fn tick(&mut self, slept: bool, now: u64, random: f64, out: &mut Vec<Effect>) {
        match self.phase {
            Phase::Opening { deadline } | Phase::Greeting { deadline } if now >= deadline => {
                out.push(Effect::Drop);
                if slept {
                    self.connect(now, out);
                } else {
                    self.fail(Return::Backoff, now, random);
                }
            }
            Phase::Waiting { until } if now >= until => self.connect(now, out),
            Phase::Live(Live { move_at: Some(at), .. }) if now >= at => {
                out.push(Effect::Drop);
                self.failures = 0;
                self.connect(now, out);
            }
            // After a sleep the pong may have arrived without having been read: ping again rather than give up.
            Phase::Live(_) if slept => self.probe(now, out),
            Phase::Live(Live { asked: Some(asked), heard, .. })
                if now >= asked.max(heard) + PONG_WITHIN_MS =>
            {
                out.push(Effect::Drop);
                self.fail(Return::Soon, now, random);
            }
            Phase::Live(Live { asked: None, next_ping, .. }) if now >= next_ping => self.probe(now, out),
            _ => {}
        }
    }

    /// Something changed outside: ends a wait, checks a live connection.
    fn nudge(&mut self, now: u64, out: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Waiting { .. }) {
            self.failures = 0;
            self.connect(now, out);
        } else {
            self.probe(now, out);
        }
    }

    /// Pings the server.
    fn probe(&mut self, now: u64, out: &mut Vec<Effect>) {
        if let Phase::Live(live) = &mut self.phase {
            live.asked = Some(now);
            live.next_ping = now + PING_EVERY_MS;
            out.push(Effect::Ping);
        }
    }

    fn connect(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.phase = Phase::Opening { deadline: now + PATIENCE_MS };
        out.push(Effect::Connect);
    }

    fn fail(&mut self, decision: Return, now: u64, random: f64) {
        match self.phase {
            Phase::Live(live) if now >= live.since + SETTLED_MS => self.failures = 0,
            Phase::Live(_) | Phase::Opening { .. } | Phase::Greeting { .. } => {}
            Phase::Idle | Phase::Waiting { .. } | Phase::Ended { .. } => return,
        }
        if !matches!(decision, Return::Backoff) {
            // The server asked to come back soon. If it asks over and over, the waits must still grow.
            self.failures = self.failures.min(1);
        }
        self.phase = Phase::Waiting { until: now + backoff::wait_ms(self.failures, random) };
        self.failures = self.failures.saturating_add(1);
    }

    /// Schedules the next deadline.
    fn arm(&mut self, out: &mut Vec<Effect>) {
        let due = match self.phase {
            Phase::Idle | Phase::Ended { .. } => None,
            Phase::Opening { deadline } | Phase::Greeting { deadline } => Some(deadline),
            Phase::Waiting { until } => Some(until),
            Phase::Live(live) => {
                let ping = live.asked.map_or(live.next_ping, |asked| asked.max(live.heard) + PONG_WITHIN_MS);
                Some(live.move_at.map_or(ping, |at| at.min(ping)))
            }
        };
        self.wake = due;
        out.extend(due.map(Effect::WakeAt));
    }
}

#[cfg(test)]
mod tests;
