//! What a message body means: plain pieces that the view turns into elements, never HTML.
//!
//! The subset is paragraphs with line breaks, fenced code, `` `code` ``, `*bold*`, `_italic_` and bare links. All other
//! text stays exactly as it was written. Characters that cannot be seen, or that would turn the direction of text,
//! become [`Piece::Mark`], or a label in brackets where there are only strings ([`visible`]).
//!
//! Bodies come from strangers, so reading is linear and the result is bounded: see [`budget`].

pub mod budget;
mod emoji;
mod line;
mod link;
mod marks;
mod piece;

use self::budget::{Budget, Exhausted};
pub use self::{
    marks::visible,
    piece::{Block, Markup, Piece},
};

/// How many elements a block of code needs beside its text.
const CODE_ELEMENTS: usize = 5;

/// Reads a body. A body that costs more than [`Budget`] allows becomes plain text.
pub fn read(body: &str) -> Markup {
    read_within(body, &mut Budget::default()).unwrap_or_else(|Exhausted| plain(body))
}

fn read_within(body: &str, budget: &mut Budget) -> Result<Markup, Exhausted> {
    let mut blocks = Vec::new();
    let mut text: Vec<&str> = Vec::new();
    let mut lines = lines(body);
    budget.step(body.len())?;
    while let Some(line) = lines.next() {
        if let Some((fence, language)) = opening(line) {
            blocks.extend(text_block(&mut text, budget)?);
            budget.element(CODE_ELEMENTS)?;
            let code: Vec<String> =
                lines.by_ref().take_while(|line| !closes(line, fence)).map(visible).collect();
            blocks.push(Block::Code { language: visible(language), code: code.join("\n") });
        } else {
            text.push(line);
        }
    }
    blocks.extend(text_block(&mut text, budget)?);
    Ok(Markup { blocks, jumbo: emoji::is_jumbo(body) })
}

/// The whole body as one block of text.
fn plain(body: &str) -> Markup {
    let text: Vec<String> = lines(body).map(visible).collect();
    Markup { blocks: vec![Block::Text(vec![Piece::Text(text.join("\n"))])], jumbo: false }
}

fn lines(body: &str) -> impl Iterator<Item = &str> {
    body.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
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

/// Takes the lines as one block of text, without the empty lines at its ends: the layout separates blocks.
fn text_block(lines: &mut Vec<&str>, budget: &mut Budget) -> Result<Option<Block>, Exhausted> {
    let lines = std::mem::take(lines);
    let filled = |line: &&str| !line.trim().is_empty();
    let (Some(first), Some(last)) = (lines.iter().position(filled), lines.iter().rposition(filled)) else {
        return Ok(None);
    };
    budget.element(1)?;
    let mut pieces = Vec::new();
    for (index, line) in lines[first..=last].iter().enumerate() {
        if index > 0 {
            piece::push_text(&mut pieces, "\n");
        }
        line::read(line, &mut pieces, budget)?;
    }
    Ok(Some(Block::Text(pieces)))
}

// proptest needs a random number generator that wasm32 does not have.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
