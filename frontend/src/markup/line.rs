//! One line of text: code, links, bold, italic, marks.

use super::{Piece, is_hidden, label, visible};

/// Emphasis within emphasis beyond this depth is text.
const DEPTH: u8 = 4;

/// Reads one line.
pub(super) fn read(line: &str) -> Vec<Piece> {
    Reader { line, at: 0, pieces: Vec::new(), text: 0, depth: 0, unclosed: Vec::new() }.read()
}

struct Reader<'a> {
    line: &'a str,
    /// Where it is.
    at: usize,
    pieces: Vec<Piece>,
    /// Where the text that is not yet in `pieces` starts.
    text: usize,
    depth: u8,
    /// Delimiters that are known to have no end from here on: looking again would only cost time.
    unclosed: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Vec<Piece> {
        while let Some(c) = self.line[self.at..].chars().next() {
            let found = match c {
                '`' => self.code(),
                '*' | '_' if self.depth < DEPTH => self.emphasis(c),
                'h' | 'H' | 'm' | 'M' => self.link(),
                c if is_hidden(c) => Some((Piece::Mark(label(c)), c.len_utf8())),
                _ => None,
            };
            match found {
                Some((piece, length)) => {
                    self.flush();
                    self.pieces.push(piece);
                    self.at += length;
                    self.text = self.at;
                }
                // A run of delimiters that opens nothing is text as a whole.
                None if matches!(c, '`' | '*' | '_') => self.at += self.delimiter(c).len(),
                None => self.at += c.len_utf8(),
            }
        }
        self.flush();
        self.pieces
    }

    fn flush(&mut self) {
        if self.text < self.at {
            self.pieces.push(Piece::Text(self.line[self.text..self.at].to_owned()));
        }
    }

    /// The run of one character that starts here.
    fn delimiter(&self, c: char) -> &'a str {
        let rest = &self.line[self.at..];
        &rest[..rest.len() - rest.trim_start_matches(c).len()]
    }

    fn before(&self) -> Option<char> {
        self.line[..self.at].chars().next_back()
    }

    /// `` `code` ``: as many backticks at its end as at its beginning.
    fn code(&mut self) -> Option<(Piece, usize)> {
        let fence = self.delimiter('`');
        if self.unclosed.contains(&fence) {
            return None;
        }
        let inside = &self.line[self.at + fence.len()..];
        let Some(end) = run_of(inside, fence) else {
            self.unclosed.push(fence);
            return None;
        };
        let code = &inside[..end];
        let padded = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        let code = padded.filter(|code| !code.trim().is_empty()).unwrap_or(code);
        Some((Piece::Code(visible(code)), fence.len() * 2 + end))
    }

    /// `*bold*` and `_italic_`, single or double, around words and not within them.
    fn emphasis(&mut self, c: char) -> Option<(Piece, usize)> {
        let delimiter = self.delimiter(c);
        let inside = &self.line[self.at + delimiter.len()..];
        let opens = delimiter.len() <= 2
            && !self.before().is_some_and(char::is_alphanumeric)
            && inside.chars().next().is_some_and(|next| !next.is_whitespace());
        if !opens || self.unclosed.contains(&delimiter) {
            return None;
        }
        let Some(end) = closing(inside, delimiter) else {
            self.unclosed.push(delimiter);
            return None;
        };
        let content = &inside[..end];
        let pieces = Reader {
            line: content,
            at: 0,
            pieces: Vec::new(),
            text: 0,
            depth: self.depth + 1,
            unclosed: Vec::new(),
        }
        .read();
        let piece = if c == '*' { Piece::Strong(pieces) } else { Piece::Emphasis(pieces) };
        Some((piece, delimiter.len() * 2 + end))
    }

    /// A bare link, up to white space or anything that no address ends with.
    fn link(&self) -> Option<(Piece, usize)> {
        let rest = &self.line[self.at..];
        let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| {
            rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })?;
        if self.before().is_some_and(char::is_alphanumeric) {
            return None;
        }
        let ends = |c: char| c.is_whitespace() || is_hidden(c) || matches!(c, '<' | '>' | '"' | '`' | '\\');
        let text = trim_link(&rest[..rest.find(ends).unwrap_or(rest.len())]);
        let address = text.get(scheme.len()..)?;
        let usable = match scheme {
            "mailto:" => {
                address.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty())
            }
            _ => address.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '['),
        };
        usable
            .then(|| (Piece::Link { href: format!("{scheme}{address}"), text: text.to_owned() }, text.len()))
    }
}

/// Where a run of exactly this many backticks starts.
fn run_of(text: &str, fence: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// Where emphasis ends: directly behind a word, not within one, and not in code.
fn closing(text: &str, delimiter: &str) -> Option<usize> {
    let c = delimiter.chars().next()?;
    let mut at = 0;
    while let Some(found) = text[at..].find(c) {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches(c).len();
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

/// Takes away what belongs to the sentence around a link: punctuation, and brackets that were opened before it.
fn trim_link(mut link: &str) -> &str {
    while let Some(last) = link.chars().next_back() {
        let opener = match last {
            ')' => '(',
            ']' => '[',
            '}' => '{',
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~' | '|' | '’' | '”' | '»' | '…'
            | '。' | '、' => {
                link = &link[..link.len() - last.len_utf8()];
                continue;
            }
            _ => break,
        };
        if link.matches(last).count() <= link.matches(opener).count() {
            break;
        }
        link = &link[..link.len() - 1];
    }
    link
}
