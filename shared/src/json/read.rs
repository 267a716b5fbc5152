//! Reads JSON (RFC 8259) into plain values.

use super::{Json, Object, Unreadable};

/// How deep values may stand in each other.
const DEEPEST: usize = 100;

/// Reads a text that is one value.
pub(super) fn value(text: &str) -> Result<Json, Unreadable> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value();
    reader.blank();
    match value {
        Some(value) if reader.at == text.len() => Ok(value),
        _ => Err(Unreadable::Syntax(reader.at)),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Everything is `None` where the text is not JSON; `at` tells where.
impl Reader<'_> {
    fn value(&mut self) -> Option<Json> {
        self.blank();
        match self.peek()? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::list),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Flag(true)),
            b'f' => self.word("false", Json::Flag(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.at += 1;
        self.depth += 1;
        let value = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Json> {
        let mut fields = Vec::new();
        if !self.closes(b'}') {
            loop {
                self.blank();
                let name = self.string()?;
                self.blank();
                self.take(b':')?;
                fields.push((name, self.value()?));
                if self.closes(b'}') {
                    break;
                }
                self.take(b',')?;
            }
        }
        Some(Json::Object(Object(fields)))
    }

    fn list(&mut self) -> Option<Json> {
        let mut values = Vec::new();
        if !self.closes(b']') {
            loop {
                values.push(self.value()?);
                if self.closes(b']') {
                    break;
                }
                self.take(b',')?;
            }
        }
        Some(Json::List(values))
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut text = String::new();
        loop {
            let from = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | ..b' ') {
                self.at += 1;
            }
            text.push_str(&self.text[from..self.at]);
            match self.next()? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) {
                    self.take(b'\\')?;
                    self.take(b'u')?;
                    let low = self.hex()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return None;
                    }
                    return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                }
                return char::from_u32(high);
            }
            itself @ (b'"' | b'\\' | b'/') => char::from(itself),
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(number)
    }

    fn number(&mut self) -> Option<Json> {
        let from = self.at;
        let mut whole = !self.skips(b"-");
        if !self.skips(b"0") {
            self.digits()?;
        }
        if self.skips(b".") {
            self.digits()?;
            whole = false;
        }
        if self.skips(b"eE") {
            self.skips(b"+-");
            self.digits()?;
            whole = false;
        }
        let number = self.text[from..self.at].parse();
        Some(number.ok().filter(|_| whole).map_or(Json::Number, Json::Whole))
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        if !self.skips(b"0123456789") {
            return None;
        }
        while self.skips(b"0123456789") {}
        Some(())
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        found.then(|| {
            self.at += word.len();
            value
        })
    }

    fn blank(&mut self) {
        while self.skips(b" \n\r\t") {}
    }

    /// Whether the next byte, after white space, is this one, which is then passed.
    fn closes(&mut self, byte: u8) -> bool {
        self.blank();
        self.skips(&[byte])
    }

    /// Passes one of these bytes, if one comes next.
    fn skips(&mut self, bytes: &[u8]) -> bool {
        let found = self.peek().is_some_and(|next| bytes.contains(&next));
        self.at += usize::from(found);
        found
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.skips(&[byte]).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
