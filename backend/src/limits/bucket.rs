//! Token buckets: so many at once, then one each interval.

use std::time::{Duration, Instant};

/// How often something may happen: `burst` units at once, then one each `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    interval: Duration,
    capacity: Duration,
}

impl Pace {
    /// `burst` units at once, then one each `interval`.
    pub fn new(burst: u32, interval: Duration) -> Self {
        Self { interval, capacity: interval.saturating_mul(burst) }
    }

    /// So many times as much: at once, and after that.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { interval: self.interval / times.max(1), ..self }
    }

    /// `burst` units at once, then `rate` per second.
    pub fn per_second(burst: u32, rate: u32) -> Self {
        Self::new(burst, Duration::from_secs(1) / rate.max(1))
    }
}

/// What is left of a [`Pace`]. It holds one moment: when the bucket will be full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes so many units, or says how long to wait for them and takes none.
    pub fn take(&mut self, pace: &Pace, units: u32, now: Instant) -> Result<(), Duration> {
        let wait = self.wait(pace, units, now);
        if wait.is_zero() {
            self.spend(pace, units, now);
            Ok(())
        } else {
            Err(wait)
        }
    }

    /// How long to wait until so many units are there; zero if they are there now.
    pub fn wait(&self, pace: &Pace, units: u32, now: Instant) -> Duration {
        self.owed(pace, units, now).saturating_sub(pace.capacity)
    }

    /// Takes so many units, whether or not they are there; never more than the bucket holds.
    pub fn spend(&mut self, pace: &Pace, units: u32, now: Instant) {
        let owed = self.owed(pace, units, now).min(pace.capacity);
        self.full_at = now.checked_add(owed).unwrap_or(now);
    }

    /// Whether nothing is missing, so that the bucket need not be remembered.
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    /// When it will be full: the later, the more was taken.
    pub fn full_at(&self) -> Instant {
        self.full_at
    }

    fn owed(&self, pace: &Pace, units: u32, now: Instant) -> Duration {
        self.full_at.saturating_duration_since(now).saturating_add(pace.interval.saturating_mul(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let pace = Pace::new(3, 10 * SECOND);
        let mut bucket = Bucket::full(start);
        for _ in 0..3 {
            assert_eq!(bucket.take(&pace, 1, start), Ok(()));
        }
        assert_eq!(bucket.take(&pace, 1, start), Err(10 * SECOND));
        assert_eq!(bucket.take(&pace, 1, start + 5 * SECOND), Err(5 * SECOND));
        assert_eq!(bucket.take(&pace, 1, start + 10 * SECOND), Ok(()));
        let later = start + 1000 * SECOND;
        assert!(bucket.is_full(later));
        for _ in 0..3 {
            assert_eq!(bucket.take(&pace, 1, later), Ok(()));
        }
        assert!(bucket.take(&pace, 1, later).is_err());
    }

    #[test]
    fn several_units_are_taken_together_or_not_at_all() {
        let start = Instant::now();
        let pace = Pace::per_second(10, 2);
        let mut bucket = Bucket::full(start);
        assert_eq!(bucket.take(&pace, 8, start), Ok(()));
        assert_eq!(bucket.take(&pace, 4, start), Err(SECOND));
        assert_eq!(bucket.take(&pace, 2, start), Ok(()), "a refusal takes nothing");
        assert!(
            bucket.take(&pace, 11, start + 1000 * SECOND).is_err(),
            "more than the bucket holds never fits"
        );
    }
}
