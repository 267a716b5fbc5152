//! What a message body means: plain pieces that the view turns into elements, never HTML.
//!
//! The subset: paragraphs with line breaks, fenced code, `` `code` ``, `*bold*`, `_italic_`, bare links. Everything
//! else is text, exactly as it was written. Characters that would turn the direction of text or that cannot be seen
//! become [`Piece::Mark`].

mod emoji;
mod line;

use shared::text::turns_direction;

/// A body, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markup {
    /// In order.
    pub blocks: Vec<Block>,
    /// One to three emoji and nothing else: shown large.
    pub jumbo: bool,
}

/// A part of a body that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Text; line breaks in it are [`Piece::Break`].
    Text(Vec<Piece>),
    /// Code between fences of three or more backticks, without its last line break.
    Code {
        /// The word behind the opening fence, or empty.
        language: String,
        /// The code, with invisible characters shown as in [`Piece::Mark`].
        code: String,
    },
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// A line break.
    Break,
    /// `` `code` ``, with invisible characters shown as in [`Piece::Mark`].
    Code(String),
    /// `*bold*` or `**bold**`.
    Strong(Vec<Piece>),
    /// `_italic_` or `__italic__`.
    Emphasis(Vec<Piece>),
    /// A link, to be opened elsewhere and with `rel="noopener noreferrer"`.
    Link {
        /// Starts with `https://`, `http://` or `mailto:`.
        href: String,
        /// What was written.
        text: String,
    },
    /// A character that cannot be seen or turns the text around it, as a visible label: `U+202E`.
    Mark(String),
}

/// Reads a body.
pub fn read(body: &str) -> Markup {
    let mut blocks = Vec::new();
    let mut text: Vec<&str> = Vec::new();
    let mut lines = body.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    while let Some(line) = lines.next() {
        if let Some((fence, language)) = opening(line) {
            close_text(&mut text, &mut blocks);
            let code: Vec<String> =
                lines.by_ref().take_while(|line| !closes(line, fence)).map(visible).collect();
            blocks.push(Block::Code { language: visible(language), code: code.join("\n") });
        } else {
            text.push(line);
        }
    }
    close_text(&mut text, &mut blocks);
    Markup { blocks, jumbo: emoji::is_jumbo(body) }
}

/// The number of backticks and the language of an opening fence.
fn opening(line: &str) -> Option<(usize, &str)> {
    let line = line.trim_start();
    let rest = line.trim_start_matches('`');
    let fence = line.len() - rest.len();
    (fence >= 3 && !rest.contains('`')).then(|| (fence, rest.split_whitespace().next().unwrap_or_default()))
}

fn closes(line: &str, fence: usize) -> bool {
    let line = line.trim();
    line.len() >= fence && line.bytes().all(|byte| byte == b'`')
}

/// Ends a block of text. Empty lines at its ends are the distance to what stands above and below.
fn close_text(lines: &mut Vec<&str>, blocks: &mut Vec<Block>) {
    let lines = std::mem::take(lines);
    let empty = |line: &&str| line.trim().is_empty();
    let (Some(first), Some(last)) =
        (lines.iter().position(|line| !empty(line)), lines.iter().rposition(|line| !empty(line)))
    else {
        return;
    };
    let mut pieces = Vec::new();
    for (index, line) in lines[first..=last].iter().enumerate() {
        if index > 0 {
            pieces.push(Piece::Break);
        }
        pieces.extend(line::read(line));
    }
    blocks.push(Block::Text(pieces));
}

/// Whether a character would be invisible or change how others are read. Joiners stay: scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    turns_direction(c)
        || (c.is_control() && c != '\t')
        || matches!(
            c,
            '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'
                ..='\u{2064}' | '\u{feff}'
        )
}

fn label(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// Code and other plain strings, with hidden characters spelled out in brackets.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(["[", &label(c), "]"]);
        } else {
            shown.push(c);
        }
    }
    shown
}

// The property tests need a source of chance that wasm has not.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
