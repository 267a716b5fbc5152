//! Which bodies are one to three emoji and nothing else.

use shared::text::emoji;

/// Whether a body is to be shown large. White space around and between does not count.
pub(super) fn is_jumbo(body: &str) -> bool {
    // The longest emoji, a flag or a family, takes fewer bytes than this.
    if body.len() > 150 {
        return false;
    }
    let mut rest = body.trim();
    let mut count = 0;
    while !rest.is_empty() {
        let Some(length) = emoji::length(rest) else { return false };
        rest = rest[length..].trim_start();
        count += 1;
    }
    (1..=3).contains(&count)
}
