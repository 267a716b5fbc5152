//! Reads the fields of one JSON object and names what is wrong with each.

use serde_json::{Map, Value};

use crate::{
    error::{ErrorCode, ProtocolError},
    text::Invalid,
};

/// The fields of a frame, taken out one by one. `null` counts as absent; what is not taken is ignored.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn parse(text: &str) -> Result<Self, ProtocolError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(_) => Err(ProtocolError::new(ErrorCode::BadJson, "a frame is one JSON object")),
            Err(error) => Err(ProtocolError::new(ErrorCode::BadJson, format!("not JSON: {error}"))),
        }
    }

    /// The name of the command.
    pub(crate) fn kind(&mut self) -> Result<String, ProtocolError> {
        match self.0.remove("type") {
            Some(Value::String(kind)) => Ok(kind),
            _ => Err(ProtocolError::new(ErrorCode::UnknownCommand, "`type` must name a command")),
        }
    }

    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, ProtocolError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(parse(&text)?)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Result<T, ProtocolError> {
        self.optional(name, parse)?
            .ok_or_else(|| ProtocolError::new(ErrorCode::MissingField, format!("`{name}` is missing")))
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, ProtocolError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong_type(name, "a whole number")),
        }
    }
}

fn wrong_type(name: &str, must_be: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::WrongType, format!("`{name}` must be {must_be}"))
}
