//! The log of refused origins. Whoever is refused chooses the text and how often it comes: both are bounded.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::limits::{Bucket, Pace};

/// Characters of an origin or a host that are logged.
const LONGEST: usize = 100;

/// Lines at once.
const LINES: u32 = 10;

/// Between two lines after that.
const PAUSE: Duration = Duration::from_secs(10);

/// Writes refused origins to the log, at a pace.
#[derive(Debug)]
pub struct Refused {
    pace: Pace,
    state: Mutex<(Bucket, u64)>,
}

impl Default for Refused {
    fn default() -> Self {
        Self { pace: Pace::new(LINES, PAUSE), state: Mutex::new((Bucket::full(Instant::now()), 0)) }
    }
}

impl Refused {
    /// Logs that a page of `origin` may not open a socket, and which setting would allow it.
    pub(super) fn log(&self, origin: &str, host: Option<&str>) {
        if let Some(line) = self.line(origin, host, Instant::now()) {
            tracing::warn!("{line}");
        }
    }

    fn line(&self, origin: &str, host: Option<&str>, now: Instant) -> Option<String> {
        let unsaid = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (bucket, unsaid) = &mut *state;
            if bucket.take(&self.pace, 1, now).is_err() {
                *unsaid += 1;
                return None;
            }
            std::mem::take(unsaid)
        };
        let (origin, host) = (cut(origin), cut(host.unwrap_or("none")));
        let more = if unsaid > 0 { format!(" ({unsaid} more since the line before)") } else { String::new() };
        Some(format!(
            "refused a socket for a page of {origin} at host {host}: `--origin {origin}` would allow it, \
             `--public-url` if that is this server's own address{more}"
        ))
    }
}

fn cut(text: &str) -> String {
    let mut escaped = text.chars().take(LONGEST).collect::<String>().escape_debug().to_string();
    if text.chars().nth(LONGEST).is_some() {
        escaped.push('…');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_few() {
        let (refused, now) = (Refused::default(), Instant::now());
        let long = "http://evil.example/".repeat(1000);
        let lines: Vec<_> = (0..10_000).filter_map(|_| refused.line(&long, Some(&long), now)).collect();
        assert_eq!(lines.len(), 10);
        assert!(lines.iter().all(|line| line.len() < 700), "{}", lines[0].len());
        let later = refused.line("http://a\nb", None, now + PAUSE).unwrap();
        assert!(
            later.contains("9990 more") && later.contains(r"http://a\nb") && !later.contains('\n'),
            "{later}"
        );
    }
}
