//! The one line about the connection above the log.

use crate::net::machine::Status;

/// An interruption that ends before this is not shown. Milliseconds.
pub const QUIET_MS: u64 = 5000;

/// How long good news stays. Milliseconds.
pub const BACK_MS: u64 = 2000;

/// A banner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Banner {
    /// "Reconnecting… next try in 4 s", with a button "Try now". Without seconds: a try is on its way.
    Reconnecting {
        /// Seconds until the next try, from 1.
        seconds: Option<u64>,
    },
    /// "You're offline. Messages will be sent when you're back."
    Offline,
    /// "Back online", for two seconds, and "12 missed messages loaded" if there were any.
    Back {
        /// How many messages came with the resume, in all rooms.
        missed: usize,
    },
    /// "Messages are delayed. Yours are kept and will be sent.": the node answers, its broker does not.
    Delayed,
    /// The server ended the session, and the page does not come back by itself. A button "Connect" calls
    /// `Chat::try_now`.
    Ended,
}

/// Decides which banner to show, from what happens to the connection. Times are on the steady clock.
#[derive(Debug, Default)]
pub struct ConnectionWatch {
    status: Status,
    /// Since when there is no live connection although there should be.
    down: Option<u64>,
    /// Until when good news stays, and how many messages were missed.
    back: Option<(u64, usize)>,
    delayed: bool,
}

impl ConnectionWatch {
    /// The connection does something else now.
    pub fn status(&mut self, status: Status, now: u64) {
        self.status = status;
        match status {
            Status::Idle => self.down = None,
            Status::Live => {
                let was_told = self.down.take().is_some_and(|since| now >= since + QUIET_MS);
                self.back = was_told.then_some((now + BACK_MS, 0));
            }
            Status::Connecting | Status::Waiting { .. } | Status::Offline | Status::Ended { .. } => {
                self.down.get_or_insert(now);
                self.back = None;
                self.delayed = false;
            }
        }
    }

    /// The node says whether it can take and deliver messages.
    pub fn ready(&mut self, ready: bool) {
        self.delayed = !ready;
    }

    /// A resume brought messages.
    pub fn missed(&mut self, count: usize) {
        if let Some((_, missed)) = &mut self.back {
            *missed += count;
        }
    }

    /// The banner at a time.
    pub fn banner(&self, now: u64) -> Option<Banner> {
        let told = self.down.is_some_and(|since| now >= since + QUIET_MS);
        match self.status {
            Status::Ended { .. } => Some(Banner::Ended),
            Status::Live if self.delayed => Some(Banner::Delayed),
            Status::Live => {
                self.back.filter(|(until, _)| now < *until).map(|(_, missed)| Banner::Back { missed })
            }
            Status::Connecting if told => Some(Banner::Reconnecting { seconds: None }),
            Status::Waiting { until } if told => {
                let seconds = until.saturating_sub(now).div_ceil(1000).max(1);
                Some(Banner::Reconnecting { seconds: Some(seconds) })
            }
            Status::Offline if told => Some(Banner::Offline),
            Status::Idle | Status::Connecting | Status::Waiting { .. } | Status::Offline => None,
        }
    }

    /// When the banner changes if nothing happens.
    pub fn next_change(&self, now: u64) -> Option<u64> {
        let quiet_ends = self.down.map(|since| since + QUIET_MS).filter(|end| *end > now);
        match self.status {
            Status::Live => self.back.map(|(until, _)| until).filter(|until| *until > now),
            Status::Waiting { until } if quiet_ends.is_none() => {
                let left = until.saturating_sub(now);
                (left > 1000).then(|| until - (left.div_ceil(1000) - 1) * 1000)
            }
            Status::Connecting | Status::Waiting { .. } | Status::Offline => quiet_ends,
            Status::Idle | Status::Ended { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says() {
        let mut watch = ConnectionWatch::default();
        let waiting = Status::Waiting { until: 9500 };
        let reconnecting = |seconds| Some(Banner::Reconnecting { seconds });
        for (now, status, banner, next) in [
            (0, Status::Connecting, None, Some(5000)),
            (10, Status::Live, None, None),
            (1000, waiting, None, Some(6000)),
            (5999, waiting, None, Some(6000)),
            (6000, waiting, reconnecting(Some(4)), Some(6500)),
            (6500, waiting, reconnecting(Some(3)), Some(7500)),
            (8500, waiting, reconnecting(Some(1)), None),
            (9500, Status::Connecting, reconnecting(None), None),
            (9600, Status::Offline, Some(Banner::Offline), None),
            (9700, Status::Live, Some(Banner::Back { missed: 0 }), Some(11_700)),
            (9800, Status::Ended { code: 3501 }, Some(Banner::Ended), None),
            (9900, Status::Idle, None, None),
        ] {
            watch.status(status, now);
            assert_eq!((watch.banner(now), watch.next_change(now)), (banner, next), "{now}: {status:?}");
        }
    }

    #[test]
    fn good_news_counts_and_goes() {
        let mut watch = ConnectionWatch::default();
        watch.missed(3);
        watch.status(Status::Offline, 0);
        watch.status(Status::Live, 5000);
        watch.missed(5);
        watch.missed(7);
        assert_eq!(watch.banner(6999), Some(Banner::Back { missed: 12 }));
        assert_eq!(watch.banner(7000), None);
    }

    #[test]
    fn a_node_that_is_not_ready_says_so_until_it_is_or_another_one_answers() {
        let mut watch = ConnectionWatch::default();
        watch.status(Status::Live, 0);
        watch.ready(false);
        assert_eq!(watch.banner(1), Some(Banner::Delayed));
        watch.ready(true);
        assert_eq!(watch.banner(1), None);
        watch.ready(false);
        watch.status(Status::Waiting { until: 9 }, 2);
        watch.status(Status::Live, 3);
        assert_eq!(watch.banner(3), None);
    }
}
