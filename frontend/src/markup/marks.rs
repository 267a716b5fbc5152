//! Characters that cannot be seen, or that change how the text around them is read, made visible.

use shared::text::turns_direction;

/// Whether a character is invisible or changes how others are read. Joiners are not hidden: scripts and emoji need
/// them.
pub(super) fn is_hidden(c: char) -> bool {
    turns_direction(c)
        || (c.is_control() && c != '\t')
        || matches!(
            c,
            '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'
                ..='\u{2064}' | '\u{feff}'
        )
}

/// The label of the run of hidden characters that a text starts with, and the run's length in bytes: `U+202E`,
/// `U+202E ×3`, or `U+202E and 2 more` if they differ.
pub(super) fn run(text: &str) -> (String, usize) {
    let length = text.find(|c| !is_hidden(c)).unwrap_or(text.len());
    let mut hidden = text[..length].chars();
    let Some(first) = hidden.next() else { return (String::new(), 0) };
    let label = format!("U+{:04X}", u32::from(first));
    let (others, same) = hidden.fold((0, true), |(others, same), c| (others + 1, same && c == first));
    let label = match (others, same) {
        (0, _) => label,
        (_, true) => format!("{label} ×{}", others + 1),
        (_, false) => format!("{label} and {others} more"),
    };
    (label, length)
}

/// A text from a stranger, such as a name or code, with each run of hidden characters as a label in brackets:
/// `[U+202E]`. Line breaks count as hidden.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_hidden) {
        let (label, length) = run(&rest[start..]);
        shown.extend([&rest[..start], "[", &label, "]"]);
        rest = &rest[start + length..];
    }
    shown + rest
}
