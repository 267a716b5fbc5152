//! How long to wait before the next try. Full jitter spreads the pages that come back to a node after its restart.

/// The shortest wait, in milliseconds.
pub const SHORTEST_MS: u64 = 500;

/// The longest wait, in milliseconds.
pub const LONGEST_MS: u64 = 20_000;

/// The wait before a try, in milliseconds: anything between [`SHORTEST_MS`] and a ceiling that starts at one second
/// and doubles with each failure up to [`LONGEST_MS`].
///
/// `failures` counts the tries that failed before this one after the first; `random` is in `0.0..1.0`.
pub fn wait_ms(failures: u32, random: f64) -> u64 {
    let ceiling = (1000_u64 << failures.min(10)).min(LONGEST_MS);
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    let span = (ceiling - SHORTEST_MS) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and LONGEST_MS")]
    let jitter = (span * random.clamp(0.0, 1.0)) as u64;
    SHORTEST_MS + jitter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_in_bounds() {
        for (failures, least, most) in [
            (0, 500, 1000),
            (1, 500, 2000),
            (2, 500, 4000),
            (4, 500, 16_000),
            (5, 500, 20_000),
            (u32::MAX, 500, 20_000),
        ] {
            assert_eq!(wait_ms(failures, 0.0), least);
            assert_eq!(wait_ms(failures, 1.0), most);
            assert!((least..=most).contains(&wait_ms(failures, 0.5)));
        }
    }
}
