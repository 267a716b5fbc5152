//! The clocks, the time zone, and times written in the reader's language.

use std::cell::Cell;

/// A clock in milliseconds that never goes back and goes on while the device sleeps. It agrees with [`now_ms`] unless
/// somebody sets the wall clock back.
pub fn steady_ms() -> u64 {
    thread_local! {
        // The last answer, and how much the wall clock was set back.
        static LAST: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }
    LAST.with(|cell| {
        let (last, set_back) = cell.get();
        let now = now_ms() + set_back;
        let set_back = set_back + last.saturating_sub(now);
        let now = now.max(last);
        cell.set((now, set_back));
        now
    })
}

#[cfg(target_arch = "wasm32")]
pub use wasm::*;

#[cfg(not(target_arch = "wasm32"))]
pub use native::*;

#[cfg(target_arch = "wasm32")]
mod wasm {
    use js_sys::{Array, Date, Intl, Object, Reflect};
    use wasm_bindgen::{JsCast as _, JsValue};

    use crate::time::Day;

    /// Now, in milliseconds since the Unix epoch.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a clock between 1970 and 10000"
    )]
    pub fn now_ms() -> u64 {
        Date::now() as u64
    }

    /// How many minutes local time was ahead of UTC at a time.
    #[expect(clippy::cast_possible_truncation, reason = "at most a day of minutes")]
    pub fn utc_offset_minutes(at_ms: u64) -> i32 {
        -(date(at_ms).get_timezone_offset() as i32)
    }

    /// The time of day in the reader's language: "14:02" or "2:02 PM".
    pub fn short_time(at_ms: u64) -> String {
        thread_local! {
            static SHORT: Intl::DateTimeFormat = format(&[("hour", "2-digit"), ("minute", "2-digit")]);
        }
        SHORT.with(|format| write(format, &date(at_ms)))
    }

    /// Day and time in full.
    pub fn full_time(at_ms: u64) -> String {
        thread_local! {
            static FULL: Intl::DateTimeFormat = format(&[("dateStyle", "full"), ("timeStyle", "short")]);
        }
        FULL.with(|format| write(format, &date(at_ms)))
    }

    /// A day in full: "12 March 2026".
    pub fn long_date(day: Day) -> String {
        thread_local! {
            static LONG: Intl::DateTimeFormat = format(&[("dateStyle", "long"), ("timeZone", "UTC")]);
        }
        let noon = u64::try_from(day.0).unwrap_or(0) * 86_400_000 + 43_200_000;
        LONG.with(|format| write(format, &date(noon)))
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit a double for 280 000 years")]
    fn date(at_ms: u64) -> Date {
        Date::new(&JsValue::from_f64(at_ms as f64))
    }

    fn format(options: &[(&str, &str)]) -> Intl::DateTimeFormat {
        let bag = Object::new();
        for (name, value) in options {
            // Setting a field of a fresh object cannot fail.
            drop(Reflect::set(&bag, &(*name).into(), &(*value).into()));
        }
        Intl::DateTimeFormat::new(&Array::new(), &bag)
    }

    fn write(format: &Intl::DateTimeFormat, date: &Date) -> String {
        format
            .format()
            .unchecked_ref::<js_sys::Function>()
            .call1(&JsValue::UNDEFINED, date)
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_default()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::time::{Day, iso};

    /// Now, in milliseconds since the Unix epoch.
    pub fn now_ms() -> u64 {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    /// Local time is UTC.
    pub fn utc_offset_minutes(_at_ms: u64) -> i32 {
        0
    }

    /// The time of day, UTC.
    pub fn short_time(at_ms: u64) -> String {
        iso(at_ms)[11..16].to_owned()
    }

    /// Day and time, UTC.
    pub fn full_time(at_ms: u64) -> String {
        iso(at_ms)
    }

    /// A day.
    pub fn long_date(day: Day) -> String {
        day.iso()
    }
}
