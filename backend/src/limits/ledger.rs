//! Buckets by key, in bounded memory.

use std::{collections::HashMap, hash::Hash, time::Instant};

use super::Bucket;

/// How many entries are kept before the full buckets among them are looked for.
const SWEEP_AT: usize = 64;

/// `N` buckets for each key. A key whose buckets are full takes no memory for long. When there are too many keys,
/// those that have used least are forgotten first: nobody gains much by it, and nobody is refused because of others.
#[derive(Debug)]
pub struct Ledger<K, const N: usize> {
    entries: HashMap<K, [Bucket; N]>,
    most: usize,
    sweep_at: usize,
}

impl<K: Hash + Eq + Copy, const N: usize> Ledger<K, N> {
    /// Keeps at most `most` keys, at least one.
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), most: most.max(1), sweep_at: SWEEP_AT.min(most.max(1)) }
    }

    /// The buckets of a key, full ones if it is new.
    pub fn of(&mut self, key: K, now: Instant) -> &mut [Bucket; N] {
        if self.entries.len() >= self.sweep_at && !self.entries.contains_key(&key) {
            self.sweep(now);
        }
        self.entries.entry(key).or_insert([Bucket::full(now); N])
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Each sweep costs as much as it has entries, and the next one is only due when there are twice as many.
    fn sweep(&mut self, now: Instant) {
        self.entries.retain(|_, buckets| buckets.iter().any(|bucket| !bucket.is_full(now)));
        if self.entries.len() >= self.most {
            let mut used: Vec<Instant> = self.entries.values().map(latest).collect();
            let middle = used.len() / 2;
            let (_, median, _) = used.select_nth_unstable(middle);
            let median = *median;
            self.entries.retain(|_, buckets| latest(buckets) > median);
        }
        self.sweep_at = (2 * self.entries.len()).clamp(SWEEP_AT.min(self.most), self.most);
    }
}

fn latest<const N: usize>(buckets: &[Bucket; N]) -> Instant {
    buckets.iter().map(Bucket::full_at).max().unwrap_or_else(Instant::now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::limits::Pace;

    #[test]
    fn memory_is_bounded_and_who_used_most_is_remembered() {
        let (now, pace) = (Instant::now(), Pace::per_second(10, 1));
        let mut ledger = Ledger::<u32, 1>::new(100);
        ledger.of(0, now)[0].spend(&pace, 10, now);
        for key in 1..10_000 {
            ledger.of(key, now)[0].spend(&pace, 1, now);
            assert!(ledger.len() <= 100, "{} keys", ledger.len());
        }
        assert!(ledger.of(0, now)[0].take(&pace, 1, now).is_err(), "the busiest key was forgotten");
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let (now, pace) = (Instant::now(), Pace::per_second(10, 1));
        let mut ledger = Ledger::<u32, 1>::new(1000);
        for key in 0..60 {
            ledger.of(key, now)[0].spend(&pace, 1, now);
        }
        let later = now + Duration::from_secs(60);
        for key in 100..110 {
            ledger.of(key, later)[0].spend(&pace, 1, later);
        }
        assert!(ledger.len() < 20, "{} keys", ledger.len());
    }
}
