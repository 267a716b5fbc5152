//! How plain types, texts with rules, lists and nested records stand in a field.

use std::ops::Deref;

use serde_json::Value as Json;

use super::{Field, Fields, Record, Shape, Unreadable, Value, Writer, fields::wrong_type};

/// A field that must be there.
impl<T: Value> Field for T {
    const SHAPE: Shape = T::SHAPE;

    fn read_field(fields: &mut Fields, name: &'static str) -> Result<Self, Unreadable> {
        let json = fields.take(name).ok_or(Unreadable::Missing(name))?;
        T::from_json(json, name)
    }

    fn write_field(&self, out: &mut Writer, name: &'static str) {
        out.name(name);
        self.write_json(out);
    }
}

/// A field that may be absent.
impl<T: Value> Field for Option<T> {
    const SHAPE: Shape = Shape::Optional(&T::SHAPE);

    fn read_field(fields: &mut Fields, name: &'static str) -> Result<Self, Unreadable> {
        fields.take(name).map(|json| T::from_json(json, name)).transpose()
    }

    fn write_field(&self, out: &mut Writer, name: &'static str) {
        if let Some(value) = self {
            value.write_field(out, name);
        }
    }
}

/// A list that is absent when it is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sparse<T>(pub Vec<T>);

impl<T> Deref for Sparse<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Value> Field for Sparse<T> {
    const SHAPE: Shape = Shape::Optional(&Shape::List(&T::SHAPE));

    fn read_field(fields: &mut Fields, name: &'static str) -> Result<Self, Unreadable> {
        Option::<Vec<T>>::read_field(fields, name).map(|list| Self(list.unwrap_or_default()))
    }

    fn write_field(&self, out: &mut Writer, name: &'static str) {
        if !self.0.is_empty() {
            self.0.write_field(out, name);
        }
    }
}

/// A record whose fields stand among those of the object around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flat<T>(pub T);

impl<T> Deref for Flat<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<R: Record> Field for Flat<R> {
    const SHAPE: Shape = Shape::Flat { fields: R::FIELDS, optional: false };

    fn read_field(fields: &mut Fields, _name: &'static str) -> Result<Self, Unreadable> {
        R::read(fields).map(Self)
    }

    fn write_field(&self, out: &mut Writer, _name: &'static str) {
        self.0.write(out);
    }
}

/// `None` unless every field of the record is there and valid.
impl<R: Record> Field for Flat<Option<R>> {
    const SHAPE: Shape = Shape::Flat { fields: R::FIELDS, optional: true };

    fn read_field(fields: &mut Fields, _name: &'static str) -> Result<Self, Unreadable> {
        Ok(Self(R::read(fields).ok()))
    }

    fn write_field(&self, out: &mut Writer, _name: &'static str) {
        if let Some(record) = &self.0 {
            record.write(out);
        }
    }
}

impl<R: Record> Value for R {
    const SHAPE: Shape = Shape::Object(R::FIELDS);

    fn from_json(json: Json, name: &'static str) -> Result<Self, Unreadable> {
        R::read(&mut Fields::of(json, name)?)
    }

    fn write_json(&self, out: &mut Writer) {
        out.open();
        self.write(out);
        out.close();
    }
}

impl<T: Value> Value for Vec<T> {
    const SHAPE: Shape = Shape::List(&T::SHAPE);

    fn from_json(json: Json, name: &'static str) -> Result<Self, Unreadable> {
        match json {
            Json::Array(items) => items.into_iter().map(|item| T::from_json(item, name)).collect(),
            _ => Err(wrong_type(name, "a list")),
        }
    }

    fn write_json(&self, out: &mut Writer) {
        out.list(self, |out, item| item.write_json(out));
    }
}

impl Value for String {
    const SHAPE: Shape = Shape::Text;

    fn from_json(json: Json, name: &'static str) -> Result<Self, Unreadable> {
        match json {
            Json::String(text) => Ok(text),
            _ => Err(wrong_type(name, "a string")),
        }
    }

    fn write_json(&self, out: &mut Writer) {
        out.string(self);
    }
}

macro_rules! numbers {
    ($($type:ident)+) => {
        $(impl Value for $type {
            const SHAPE: Shape = Shape::Number;

            fn from_json(json: Json, name: &'static str) -> Result<Self, Unreadable> {
                let number = json.as_u64().and_then(|number| Self::try_from(number).ok());
                number.ok_or_else(|| wrong_type(name, "a whole number"))
            }

            fn write_json(&self, out: &mut Writer) {
                out.number(*self);
            }
        })+
    };
}

numbers! { u32 u64 usize }

impl Value for bool {
    const SHAPE: Shape = Shape::Flag;

    fn from_json(json: Json, name: &'static str) -> Result<Self, Unreadable> {
        json.as_bool().ok_or_else(|| wrong_type(name, "true or false"))
    }

    fn write_json(&self, out: &mut Writer) {
        out.raw(if *self { "true" } else { "false" });
    }
}
