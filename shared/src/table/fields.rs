//! Reads the fields of one JSON object.

use serde_json::{Map, Value as Json};

use crate::invalid::Invalid;

/// The fields of an object, taken out one by one. `null` counts as absent; of two equal names the last one counts;
/// what is not taken is ignored.
#[derive(Debug)]
pub struct Fields(Map<String, Json>);

/// Why a frame or a field could not be read. The texts name the field and do not repeat its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// It is JSON and not an object.
    #[error("a frame is one JSON object")]
    NotAnObject,
    /// A field that must be there is not.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// None of several fields is there.
    #[error("one of {0} must be there")]
    NoneOf(&'static str),
    /// A field has another JSON type than it must.
    #[error("`{field}` must be {must_be}")]
    WrongType {
        /// Which field.
        field: &'static str,
        /// With its article.
        must_be: &'static str,
    },
    /// A text breaks the rules of its type.
    #[error(transparent)]
    Text(#[from] Invalid),
}

impl Fields {
    /// Reads a text that is one JSON object.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        match serde_json::from_str(text) {
            Ok(Json::Object(map)) => Ok(Self(map)),
            Ok(_) => Err(Unreadable::NotAnObject),
            Err(error) => Err(Unreadable::Syntax(error.to_string())),
        }
    }

    /// The fields of a value that must be an object.
    pub(super) fn of(json: Json, name: &'static str) -> Result<Self, Unreadable> {
        match json {
            Json::Object(map) => Ok(Self(map)),
            _ => Err(wrong_type(name, "an object")),
        }
    }

    /// Takes a field, if it is there.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a field that must be a string, if it is there.
    pub fn word(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Json::String(word)) => Some(word),
            _ => None,
        }
    }
}

pub(super) fn wrong_type(field: &'static str, must_be: &'static str) -> Unreadable {
    Unreadable::WrongType { field, must_be }
}
