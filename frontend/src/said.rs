//! What a message body means: plain pieces that the view turns into elements, never HTML.
//!
//! The subset: paragraphs with line breaks, fenced code, `` `code` ``, `*bold*`, `_italic_`, bare links. Everything
//! else is text, exactly as it was written. Characters that would turn the direction of text or that cannot be seen
//! become [`Piece::Mark`].

/// A body, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// In order; never empty for a valid body.
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
    /// `` `code` ``.
    Code(String),
    /// `*bold*` or `**bold**`.
    Strong(Vec<Piece>),
    /// `_italic_`.
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
pub fn read(body: &str) -> Said {
    Said { blocks: vec![Block::Text(vec![Piece::Text(body.to_owned())])], jumbo: false }
}
