//! Calendar days and machine-readable times. Pure: callers pass the offset of the time zone.

/// A day of the local calendar: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

/// What a day is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayName {
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// Any other day.
    Date(Day),
}

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

impl Day {
    /// The local day of a time in milliseconds since the Unix epoch, where clocks are `offset_minutes` ahead of UTC.
    pub fn of(at_ms: u64, offset_minutes: i32) -> Self {
        let local = i64::try_from(at_ms).unwrap_or(i64::MAX / 2) + i64::from(offset_minutes) * 60_000;
        Self(local.div_euclid(DAY_MS))
    }

    /// What the day is called on the day `today`.
    pub fn name(self, today: Self) -> DayName {
        match today.0 - self.0 {
            0 => DayName::Today,
            1 => DayName::Yesterday,
            _ => DayName::Date(self),
        }
    }

    /// The day as `2026-03-12`, for `datetime` attributes.
    pub fn iso(self) -> String {
        // Howard Hinnant's civil_from_days: eras of 400 years that start on 1 March.
        let z = self.0 + 719_468;
        let (era, of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// Day and time as `2026-03-12T14:02:07.000Z`, for `datetime` attributes.
pub fn iso(at_ms: u64) -> String {
    let of_day = at_ms % DAY_MS.unsigned_abs();
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, millis) = (of_day / 1000 % 60, of_day % 1000);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z", Day::of(at_ms, 0).iso())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_times() {
        for (at, offset, day) in [
            (0, 0, "1970-01-01"),
            (0, -60, "1969-12-31"),
            (1_795_478_399_999, 0, "2026-11-23"),
            (1_795_478_400_000, 0, "2026-11-24"),
            (1_795_478_400_000, -1, "2026-11-23"),
            (1_795_474_800_000, 60, "2026-11-24"),
            (951_782_400_000, 0, "2000-02-29"),
            (4_107_542_400_000, 0, "2100-03-01"),
        ] {
            assert_eq!(Day::of(at, offset).iso(), day, "{at} {offset}");
        }
    }

    #[test]
    fn names_of_days() {
        let today = Day::of(1_795_478_400_000, 0);
        assert_eq!(today.name(today), DayName::Today);
        assert_eq!(Day(today.0 - 1).name(today), DayName::Yesterday);
        assert_eq!(Day(today.0 - 2).name(today), DayName::Date(Day(today.0 - 2)));
        assert_eq!(Day(today.0 + 1).name(today), DayName::Date(Day(today.0 + 1)));
    }

    #[test]
    fn iso_times() {
        assert_eq!(iso(1_795_478_400_000 + 3_723_004), "2026-11-24T01:02:03.004Z");
    }
}
