//! The parts of a body that was read.

/// A body, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markup {
    /// The blocks in their order.
    pub blocks: Vec<Block>,
    /// The body is one to three emoji and nothing else: the view shows it large.
    pub jumbo: bool,
}

/// A part of a body that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Text. Line breaks are `\n` in its pieces.
    Text(Vec<Piece>),
    /// Code between fences of three or more backticks, without its last line break.
    Code {
        /// The word behind the opening fence, or empty.
        language: String,
        /// The code, with invisible characters as labels in brackets.
        code: String,
    },
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// `` `code` ``, with invisible characters as labels in brackets.
    Code(String),
    /// `*bold*` or `**bold**`.
    Strong(Vec<Piece>),
    /// `_italic_` or `__italic__`.
    Emphasis(Vec<Piece>),
    /// A link. The view opens it in another tab, with `rel="noopener noreferrer"`.
    Link {
        /// Starts with `https://`, `http://` or `mailto:`.
        href: String,
        /// The address as it was written.
        text: String,
        /// The written address may be read as another host than the one that it leads to. The view shows the host
        /// that the browser will connect to.
        deceptive: bool,
    },
    /// A run of characters that cannot be seen or that turn the text around them, as a visible label: `U+202E`.
    Mark(String),
}

/// Appends text to the last piece if that is text, else as a new piece: one text node per run of text.
pub(super) fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}
