//! Bare links: where they end, and whether they say where they lead.

use super::{
    budget::{Budget, Exhausted},
    marks::is_hidden,
};

/// Longest link, in bytes. A longer address is text.
pub(super) const LINK_BYTES: usize = 2048;

/// A link that starts at some place of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    /// In lower case.
    pub(super) scheme: &'static str,
    /// What stands behind the scheme.
    pub(super) address: &'a str,
    /// Scheme and address as they were written.
    pub(super) text: &'a str,
}

/// What is known about the rest of a line. Each fact is looked up once and kept, so that a line full of links that
/// come to nothing costs one pass.
#[derive(Debug, Default)]
pub(super) struct Lookahead {
    /// Where the address ends that contains the place looked at last.
    end: usize,
    /// The first `@` behind the place looked at last, or `end`.
    at_sign: usize,
}

impl Lookahead {
    /// The link that starts at `at`, if there is one. Calls go from left to right.
    pub(super) fn link<'a>(
        &mut self,
        line: &'a str,
        at: usize,
        budget: &mut Budget,
    ) -> Result<Option<Link<'a>>, Exhausted> {
        let rest = &line[at..];
        let scheme = ["https://", "http://", "mailto:"]
            .into_iter()
            .find(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        let Some(scheme) = scheme else { return Ok(None) };
        let start = at + scheme.len();
        if self.end < start {
            self.end = start + line[start..].find(ends_address).unwrap_or(line.len() - start);
            budget.step(self.end - at)?;
        }
        if self.end - at > LINK_BYTES || !self.is_usable(line, start, scheme, budget)? {
            return Ok(None);
        }
        budget.step(self.end - at)?;
        let text = without_trailing_punctuation(&line[at..self.end]);
        Ok(Some(Link { scheme, address: &text[scheme.len()..], text }))
    }

    /// Whether an address leads somewhere. What is checked cannot be cut from its end.
    fn is_usable(
        &mut self,
        line: &str,
        start: usize,
        scheme: &str,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        let starts_host =
            |at: usize| line[at..self.end].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '[');
        if scheme != "mailto:" {
            return Ok(starts_host(start));
        }
        if self.at_sign < start {
            self.at_sign = start + line[start..self.end].find('@').unwrap_or(self.end - start);
            budget.step(self.at_sign - start)?;
        }
        Ok(self.at_sign > start && self.at_sign < self.end && starts_host(self.at_sign + 1))
    }
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || is_hidden(c) || matches!(c, '<' | '>' | '"' | '`' | '\\')
}

/// Cuts what belongs to the sentence around a link: punctuation, and brackets that were opened before the link.
fn without_trailing_punctuation(link: &str) -> &str {
    const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
    // More of the closing than of the opening bracket, for each kind.
    let mut surplus = PAIRS.map(|(opener, closer)| {
        link.chars().map(|c| i32::from(c == closer) - i32::from(c == opener)).sum::<i32>()
    });
    let mut end = link.len();
    for (at, last) in link.char_indices().rev() {
        match PAIRS.iter().position(|(_, closer)| *closer == last) {
            Some(kind) if surplus[kind] > 0 => surplus[kind] -= 1,
            None if ends_sentence(last) => {}
            _ => break,
        }
        end = at;
    }
    &link[..end]
}

fn ends_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | ','
            | ':'
            | ';'
            | '!'
            | '?'
            | '\''
            | '*'
            | '_'
            | '~'
            | '|'
            | '’'
            | '”'
            | '»'
            | '…'
            | '。'
            | '、'
    )
}

/// Whether people may read another host in an address than the one that it leads to: a user name before the host
/// (`https://bank.example@evil.example`), letters of other scripts and capitals, which look like others, encoded
/// letters, and numbers that stand for an IP address.
pub(super) fn deceives(scheme: &str, address: &str) -> bool {
    if scheme == "mailto:" {
        return false;
    }
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.starts_with('[') {
        return !authority.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '[' | ']' | ':' | '.'));
    }
    let host = authority.split(':').next().unwrap_or_default();
    let plain =
        host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    let port = authority[host.len()..].bytes().all(|b| b.is_ascii_digit() || b == b':');
    let encoded = host.split('.').any(|label| label.starts_with("xn--"));
    !plain || !port || encoded || is_disguised_number(host)
}

/// Whether a browser takes the host for an IP address that is written in another way than as four decimal numbers.
fn is_disguised_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    let is_number = hexadecimal || (!last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()));
    let is_usual = |part: &str| part.parse::<u8>().is_ok_and(|number| number.to_string() == part);
    is_number && !(host.split('.').count() == 4 && host.split('.').all(is_usual))
}

#[cfg(test)]
mod tests {
    use super::deceives;

    #[test]
    fn hosts_that_read_like_others() {
        for (address, expected) in [
            ("a.example/b@c", false),
            ("a-1.example:8080/?q=@", false),
            ("127.0.0.1:8080", false),
            ("[::1]:80/", false),
            ("bank.example@evil.example/", true),
            ("bank.example:pass@evil.example", true),
            ("bank.example%2f@evil.example", true),
            ("bank%2eexample", true),
            ("аpple.example", true),
            ("bank.example。evil.example", true),
            ("paypaI.example", true),
            ("xn--pple-43d.example", true),
            ("a.xn--pple-43d.example", true),
            ("3627734734", true),
            ("0x7f.1", true),
            ("127.0.0.01", true),
            ("127.1", true),
            ("1.example", false),
        ] {
            assert_eq!(deceives("https://", address), expected, "{address}");
            assert!(!deceives("mailto:", address));
        }
    }
}
