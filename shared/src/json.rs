//! The little JSON that the page needs: reads plain values, writes objects.
//!
//! The page goes over the wire at each first visit. A derived reader brings a copy of itself for each kind and field,
//! and even plain values of a general library bring numbers of every sort: a fifth of the whole page. The server,
//! which reads what strangers send, uses `serde_json` (see `fields`); tests hold the two against each other.

mod read;
mod write;

use crate::text::{Invalid, Room};
pub use write::Writer;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number without sign, fraction and exponent that fits.
    Whole(u64),
    /// Any other number. Nothing that Hubbub says has one.
    Number,
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON.
    #[error("not JSON, from byte {0} on")]
    Syntax(usize),
    /// A field is missing or of another type.
    #[error("`{0}` is missing or of another type")]
    Field(&'static str),
    /// A text breaks the rules of its type.
    #[error(transparent)]
    Text(#[from] Invalid),
}

/// The fields of an object, taken out one by one. `null` counts as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

impl Json {
    /// Reads a text that is one value.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        read::value(text)
    }

    /// The fields, if it is an object.
    pub fn object(self, name: &'static str) -> Result<Object, Unreadable> {
        match self {
            Self::Object(fields) => Ok(fields),
            _ => Err(Unreadable::Field(name)),
        }
    }

    /// The text, if it is a string.
    pub fn text(self, name: &'static str) -> Result<String, Unreadable> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Unreadable::Field(name)),
        }
    }

    /// The values, if it is an array.
    pub fn list(self, name: &'static str) -> Result<Vec<Self>, Unreadable> {
        match self {
            Self::List(values) => Ok(values),
            _ => Err(Unreadable::Field(name)),
        }
    }
}

impl Object {
    /// Reads a text that is one object.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        Json::parse(text)?.object("object")
    }

    /// A field, if it is there. Of fields of the same name the last one counts.
    pub fn maybe(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().rposition(|(other, _)| other == name)?;
        Some(self.0.swap_remove(at).1).filter(|value| *value != Json::Null)
    }

    /// A field that must be there.
    pub fn value(&mut self, name: &'static str) -> Result<Json, Unreadable> {
        self.maybe(name).ok_or(Unreadable::Field(name))
    }

    /// A string.
    pub fn string(&mut self, name: &'static str) -> Result<String, Unreadable> {
        self.value(name)?.text(name)
    }

    /// A whole number, if it is there.
    pub fn maybe_whole(&mut self, name: &'static str) -> Result<Option<u64>, Unreadable> {
        match self.maybe(name) {
            None => Ok(None),
            Some(Json::Whole(number)) => Ok(Some(number)),
            Some(_) => Err(Unreadable::Field(name)),
        }
    }

    /// A whole number.
    pub fn whole(&mut self, name: &'static str) -> Result<u64, Unreadable> {
        self.maybe_whole(name)?.ok_or(Unreadable::Field(name))
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, Unreadable> {
        match self.value(name)? {
            Json::Flag(flag) => Ok(flag),
            _ => Err(Unreadable::Field(name)),
        }
    }

    /// An object.
    pub fn object(&mut self, name: &'static str) -> Result<Self, Unreadable> {
        self.value(name)?.object(name)
    }

    /// An array.
    pub fn list(&mut self, name: &'static str) -> Result<Vec<Json>, Unreadable> {
        self.value(name)?.list(name)
    }

    /// A text with rules.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        read: fn(&str) -> Result<T, Invalid>,
    ) -> Result<T, Unreadable> {
        Ok(read(&self.string(name)?)?)
    }

    /// A text with rules, if it is there.
    pub fn maybe_parsed<T>(
        &mut self,
        name: &'static str,
        read: fn(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Unreadable> {
        match self.maybe(name) {
            Some(value) => Ok(Some(read(&value.text(name)?)?)),
            None => Ok(None),
        }
    }

    /// The field `room`.
    pub fn room(&mut self) -> Result<Room, Unreadable> {
        self.parsed("room", Room::parse)
    }
}

#[cfg(test)]
mod tests;
