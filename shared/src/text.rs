//! Short texts with rules, each a type that cannot be built invalid.
//!
//! All of them are cheap to clone (one shared allocation) and serialize as plain JSON strings.

pub mod emoji;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use crate::invalid::Invalid;
use crate::{
    limits,
    table::{Form, Shape, Unreadable, Value, Writer},
};

/// The characters of nonces and user ids.
const WORD: &str = "[A-Za-z0-9_-]";

/// Declares a text with the name of its rule, its form and the check that makes it.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident is $rule:literal, $form:expr, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text; see the type for the rules.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let check: fn(&str) -> Result<&str, Invalid> = $check;
                check(text).map(|text| Self(text.into()))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::parse(text)
            }
        }

        impl Value for $name {
            const SHAPE: Shape = Shape::Rule($rule, $form);

            fn from_json(json: serde_json::Value, name: &'static str) -> Result<Self, Unreadable> {
                Ok(Self::parse(&String::from_json(json, name)?)?)
            }

            fn write_json(&self, out: &mut Writer) {
                out.string(&self.0);
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}

text! {
    /// The name of a room: 1 to [`limits::ROOM_CHARS`] characters of any kind, compared character by character.
    Room is "room", Form::Chars(limits::ROOM_CHARS), |text| {
        if text.is_empty() {
            Err(Invalid::RoomEmpty)
        } else if longer_than(text, limits::ROOM_CHARS) {
            Err(Invalid::RoomTooLong)
        } else {
            Ok(text)
        }
    }
}

text! {
    /// What a person is called: 1 to [`limits::NAME_CHARS`] characters after white space at both ends is taken away,
    /// without control characters, marks that turn the direction of text, and characters that show nothing, unless
    /// these join characters of a script or an emoji. Names need not be unique.
    Name is "name", Form::Chars(limits::NAME_CHARS), |text| {
        let text = text.trim();
        if !text.chars().any(is_visible) {
            Err(Invalid::NameEmpty)
        } else if longer_than(text, limits::NAME_CHARS) {
            Err(Invalid::NameTooLong)
        } else if text.chars().any(|c| c.is_control() || turns_direction(c)) || hides(text) {
            Err(Invalid::NameForbidden)
        } else {
            Ok(text)
        }
    }
}

text! {
    /// What is said: 1 to [`limits::BODY_BYTES`] bytes of any Unicode text. It reaches every reader unchanged,
    /// control and direction characters included; showing it safely is the reader's business.
    Body is "body", Form::Bytes(limits::BODY_BYTES), |text| {
        if text.is_empty() {
            Err(Invalid::BodyEmpty)
        } else if text.len() > limits::BODY_BYTES {
            Err(Invalid::BodyTooLong)
        } else {
            Ok(text)
        }
    }
}

text! {
    /// The sender's own mark of a message, the same on every try: 1 to [`limits::NONCE_CHARS`] characters of
    /// `A–Z a–z 0–9 _ -`. It should end in at least four random characters.
    Nonce is "nonce", Form::Class(WORD, limits::NONCE_CHARS), |text| word(text, limits::NONCE_CHARS).ok_or(Invalid::Nonce)
}

text! {
    /// Who somebody is, stable across connections and nodes. Handed out by the server.
    UserId is "user", Form::Class(WORD, limits::USER_ID_CHARS), |text| word(text, limits::USER_ID_CHARS).ok_or(Invalid::UserId)
}

text! {
    /// One emoji of any kind (Unicode Technical Standard #51): what a reaction shows.
    Emoji is "emoji", Form::Bytes(emoji::LONGEST), |text| {
        if emoji::length(text) == Some(text.len()) { Ok(text) } else { Err(Invalid::Emoji) }
    }
}

text! {
    /// Where an entry stands in its room. Opaque: compared for equality only, never for order.
    /// The position of an empty room is [`Position::start`].
    Position is "position", Form::Class(r"[!#-\[\]-~]", limits::POSITION_CHARS), |text| {
        let fits = !text.is_empty() && text.len() <= limits::POSITION_CHARS;
        if fits && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
            Ok(text)
        } else {
            Err(Invalid::Position)
        }
    }
}

impl Position {
    /// The position before the first message of a room: `0`.
    pub fn start() -> Self {
        Self("0".into())
    }

    /// Whether this is the position before the first message.
    pub fn is_start(&self) -> bool {
        &*self.0 == "0"
    }
}

/// Whether a character is one of the Unicode bidirectional controls (UAX #9), which can make text read as another.
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character shows something by itself.
fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_ignorable(c) && c != '\u{2800}'
}

/// Unicode's `Default_Ignorable_Code_Point` (UAX #44): where a font does not know it, nothing is shown.
const fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text holds characters that show nothing, so that it looks like another. Joiners may stand between
/// characters that are not ASCII, as Persian and Indic scripts and emoji need them, and the emoji selector behind one
/// or in a keycap.
fn hides(text: &str) -> bool {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let joins = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && is_visible(c));
        let allowed = match c {
            '\u{200c}' | '\u{200d}' => (joins(before) || before == Some('\u{fe0f}')) && joins(after),
            '\u{fe0f}' => joins(before) || after == Some('\u{20e3}'),
            c => !is_ignorable(c),
        };
        if !allowed {
            return true;
        }
        before = Some(c);
    }
    false
}

fn longer_than(text: &str, chars: usize) -> bool {
    text.len() > chars && text.chars().nth(chars).is_some()
}

fn word(text: &str, max: usize) -> Option<&str> {
    let fits = !text.is_empty() && text.len() <= max;
    (fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')).then_some(text)
}

#[cfg(test)]
mod tests;
