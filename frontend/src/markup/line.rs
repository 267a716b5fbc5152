//! One line of text: code, links, bold, italic, marks.

use std::collections::HashMap;

use super::{
    budget::{Budget, Exhausted},
    link::{Link, Lookahead, deceives},
    marks::{is_hidden, run, visible},
    piece::{Piece, push_text},
};

/// Emphasis within emphasis beyond this depth is text.
const DEPTH: u8 = 4;

/// A piece and its length in bytes, if there is one at some place.
type Found = Result<Option<(Piece, usize)>, Exhausted>;

/// Reads one line and appends its pieces.
pub(super) fn read(line: &str, pieces: &mut Vec<Piece>, budget: &mut Budget) -> Result<(), Exhausted> {
    Reader::new(line, 0).read(pieces, budget)
}

struct Reader<'a> {
    line: &'a str,
    /// The place that is looked at.
    at: usize,
    depth: u8,
    links: Lookahead,
    /// For each run of backticks, where the next one of the same length starts. Made when there is a backtick.
    fences: Option<HashMap<usize, usize>>,
    /// Delimiters that have no end from here on: looking again would cost a pass for each of them.
    unclosed: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(line: &'a str, depth: u8) -> Self {
        Self { line, at: 0, depth, links: Lookahead::default(), fences: None, unclosed: Vec::new() }
    }

    fn read(mut self, pieces: &mut Vec<Piece>, budget: &mut Budget) -> Result<(), Exhausted> {
        budget.step(self.line.len())?;
        // Where the text starts that is not yet in `pieces`.
        let mut text = 0;
        while let Some(c) = self.line[self.at..].chars().next() {
            let found = match c {
                '`' => self.code(budget)?,
                '*' | '_' if self.depth < DEPTH => self.emphasis(c, budget)?,
                'h' | 'H' | 'm' | 'M' => self.link(budget)?,
                c if is_hidden(c) => {
                    let (label, length) = run(&self.line[self.at..]);
                    Some((Piece::Mark(label), length))
                }
                _ => None,
            };
            match found {
                Some((piece, length)) => {
                    budget.element(1)?;
                    push_text(pieces, &self.line[text..self.at]);
                    pieces.push(piece);
                    self.at += length;
                    text = self.at;
                }
                // A run of delimiters that opens nothing is text as a whole.
                None if matches!(c, '`' | '*' | '_') => self.at += self.delimiter(c).len(),
                None => self.at += c.len_utf8(),
            }
        }
        push_text(pieces, &self.line[text..]);
        Ok(())
    }

    /// The run of one character that starts here.
    fn delimiter(&self, c: char) -> &'a str {
        leading_run(&self.line[self.at..], c)
    }

    fn before(&self) -> Option<char> {
        self.line[..self.at].chars().next_back()
    }

    /// `` `code` ``: as many backticks at its end as at its beginning.
    fn code(&mut self, budget: &mut Budget) -> Found {
        if self.fences.is_none() {
            budget.step(self.line.len())?;
        }
        let line = self.line;
        let fences = self.fences.get_or_insert_with(|| closing_fences(line));
        let Some(&end) = fences.get(&self.at) else { return Ok(None) };
        let fence = self.delimiter('`').len();
        let code = &line[self.at + fence..end];
        let padded = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        let code = padded.filter(|code| !code.trim().is_empty()).unwrap_or(code);
        Ok(Some((Piece::Code(visible(code)), end + fence - self.at)))
    }

    /// `*bold*` and `_italic_`, single or double, around words and not within them.
    fn emphasis(&mut self, c: char, budget: &mut Budget) -> Found {
        let delimiter = self.delimiter(c);
        let inside = &self.line[self.at + delimiter.len()..];
        let opens = delimiter.len() <= 2
            && !self.before().is_some_and(char::is_alphanumeric)
            && inside.chars().next().is_some_and(|next| !next.is_whitespace());
        if !opens || self.unclosed.contains(&delimiter) {
            return Ok(None);
        }
        let end = closing_delimiter(inside, delimiter);
        budget.step(end.unwrap_or(inside.len()))?;
        let Some(end) = end else {
            self.unclosed.push(delimiter);
            return Ok(None);
        };
        let mut pieces = Vec::new();
        Reader::new(&inside[..end], self.depth + 1).read(&mut pieces, budget)?;
        let piece = if c == '*' { Piece::Strong(pieces) } else { Piece::Emphasis(pieces) };
        Ok(Some((piece, delimiter.len() * 2 + end)))
    }

    fn link(&mut self, budget: &mut Budget) -> Found {
        if self.before().is_some_and(char::is_alphanumeric) {
            return Ok(None);
        }
        let link = self.links.link(self.line, self.at, budget)?;
        Ok(link.map(|Link { scheme, address, text }| {
            let (href, deceptive) = (format!("{scheme}{address}"), deceives(scheme, address));
            (Piece::Link { href, text: text.to_owned(), deceptive }, text.len())
        }))
    }
}

fn leading_run(text: &str, c: char) -> &str {
    &text[..text.len() - text.trim_start_matches(c).len()]
}

/// For each run of backticks, where the next run of the same length starts.
fn closing_fences(line: &str) -> HashMap<usize, usize> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(found) = line[at..].find('`') {
        let start = at + found;
        let length = leading_run(&line[start..], '`').len();
        runs.push((start, length));
        at = start + length;
    }
    let mut nearest = HashMap::new();
    let mut closing = HashMap::new();
    for (start, length) in runs.into_iter().rev() {
        if let Some(next) = nearest.insert(length, start) {
            closing.insert(start, next);
        }
    }
    closing
}

/// Where emphasis ends: directly behind a word and not within one.
fn closing_delimiter(text: &str, delimiter: &str) -> Option<usize> {
    let c = delimiter.chars().next()?;
    let mut at = 0;
    while let Some(found) = text[at..].find(c) {
        let start = at + found;
        let run = leading_run(&text[start..], c).len();
        let after = text[start + run..].chars().next();
        let before = text[..start].chars().next_back();
        if run == delimiter.len()
            && before.is_some_and(|before| !before.is_whitespace())
            && !after.is_some_and(char::is_alphanumeric)
        {
            return Some(start);
        }
        at = start + run;
    }
    None
}
