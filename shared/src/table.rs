//! One description for each object on the wire. From it come the type, its reader, its writer, the reference in
//! `docs/protocol.md` and the JSON Schema: nobody writes the name of a field twice.
//!
//! - [`words!`](words): an enum of fixed words, such as error codes.
//! - [`record!`](record): a struct whose fields are the fields of a JSON object.
//! - [`frames!`](frames): an enum of records, told apart by one field, such as `type`.
//!
//! A type becomes usable in a field by implementing [`Value`] (it is one JSON value) or [`Field`] (it decides itself
//! which fields of the object it reads).

pub mod fields;
pub mod shape;
mod values;
mod writer;

pub use self::{
    fields::{Fields, Unreadable},
    shape::{Described, Form, Frame, Shape},
    values::{Flat, Sparse},
    writer::Writer,
};

/// A JSON value of one type.
pub trait Value: Sized {
    /// What it looks like.
    const SHAPE: Shape;

    /// Reads a value; `name` is the field that it stands in, for the error.
    fn from_json(json: serde_json::Value, name: &'static str) -> Result<Self, Unreadable>;

    /// Writes the value.
    fn write_json(&self, out: &mut Writer);
}

/// What stands in one field of a struct: usually one field of the JSON object, see the implementations.
pub trait Field: Sized {
    /// What it looks like.
    const SHAPE: Shape;

    /// Takes its part out of an object.
    fn read_field(fields: &mut Fields, name: &'static str) -> Result<Self, Unreadable>;

    /// Adds its part to an object.
    fn write_field(&self, out: &mut Writer, name: &'static str);
}

/// A struct that is a JSON object. Made by [`record!`](record).
pub trait Record: Sized {
    /// Its fields, in the order in which they are written.
    const FIELDS: &'static [Described];

    /// Takes its fields out of an object. What is not taken is ignored.
    fn read(fields: &mut Fields) -> Result<Self, Unreadable>;

    /// Adds its fields to an object.
    fn write(&self, out: &mut Writer);
}

/// Reads a text that is one record.
pub fn parse<R: Record>(text: &str) -> Result<R, Unreadable> {
    R::read(&mut Fields::parse(text)?)
}

/// The JSON text of a value.
pub fn text(value: &impl Value) -> String {
    let mut out = Writer::new();
    value.write_json(&mut out);
    out.end()
}

/// An enum of records that one field tells apart. Made by [`frames!`](frames).
pub trait Frames: Sized {
    /// The field that tells the variants apart.
    const KEY: &'static str;

    /// All variants.
    const FRAMES: &'static [Frame];

    /// What stands in the field [`KEY`](Self::KEY). Empty if the field is absent for this variant.
    fn tag(&self) -> &'static str;

    /// Reads the variant with this tag; `None` if there is none.
    fn read_as(tag: &str, fields: &mut Fields) -> Result<Option<Self>, Unreadable>;

    /// Adds the fields of the variant to an object, without the tag.
    fn write_fields(&self, out: &mut Writer);

    /// Adds tag and fields to an object.
    fn write_tagged(&self, out: &mut Writer) {
        if !self.tag().is_empty() {
            out.text(Self::KEY, self.tag());
        }
        self.write_fields(out);
    }
}

/// The name of a field on the wire: that of the struct's field unless another one is given.
#[doc(hidden)]
#[macro_export]
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// Declares a struct with documented fields and implements [`Record`] for it. `field as "name"` gives a field another
/// name on the wire; a list after the struct's name adds to the derived traits.
#[macro_export]
macro_rules! record {
    ($(#[doc = $doc:literal])+ $vis:vis struct $name:ident $(: $($derive:ident),+)? {
        $($(#[doc = $field_doc:literal])+ $field:ident $(as $wire:literal)?: $type:ty,)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq $(, $($derive),+)?)]
        $vis struct $name {
            $($(#[doc = $field_doc])+ $vis $field: $type,)+
        }

        impl $crate::table::Record for $name {
            const FIELDS: &'static [$crate::table::Described] = &[$($crate::table::Described {
                name: $crate::wire_name!($field $($wire)?),
                doc: concat!($($field_doc),+),
                shape: <$type as $crate::table::Field>::SHAPE,
            },)+];

            fn read(fields: &mut $crate::table::Fields) -> Result<Self, $crate::table::Unreadable> {
                Ok(Self {
                    $($field: $crate::table::Field::read_field(fields, $crate::wire_name!($field $($wire)?))?,)+
                })
            }

            fn write(&self, out: &mut $crate::table::Writer) {
                $($crate::table::Field::write_field(&self.$field, out, $crate::wire_name!($field $($wire)?));)+
            }
        }
    };
}

/// Declares an enum whose variants hold a record or nothing, and implements [`Frames`] for it. `=` names the tag of a
/// variant, `->` the tags of the replies to a command.
macro_rules! frames {
    ($(#[doc = $doc:literal])+ pub enum $name:ident by $key:literal {
        $($(#[doc = $variant_doc:literal])+
        $variant:ident $(($record:ty))? = $tag:literal $(-> $reply:literal)?,)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant $(($record))?,)+
        }

        impl $crate::table::Frames for $name {
            const KEY: &'static str = $key;

            const FRAMES: &'static [$crate::table::Frame] = &[$($crate::table::Frame {
                tag: $tag,
                doc: concat!($($variant_doc),+),
                fields: $crate::table::frames!(@fields $($record)?),
                reply: $crate::table::frames!(@reply $($reply)?),
            },)+];

            fn tag(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $tag,)+
                }
            }

            fn read_as(
                tag: &str,
                fields: &mut $crate::table::Fields,
            ) -> Result<Option<Self>, $crate::table::Unreadable> {
                Ok(Some(match tag {
                    $($tag => Self::$variant $((<$record as $crate::table::Record>::read(fields)?))?,)+
                    _ => return Ok(None),
                }))
            }

            fn write_fields(&self, out: &mut $crate::table::Writer) {
                match self {
                    $(Self::$variant $(($crate::table::frames!(@pattern record, $record)))? => {
                        $(<$record as $crate::table::Record>::write(record, out);)?
                    })+
                }
            }
        }
    };
    (@fields) => { &[] };
    (@fields $record:ty) => { <$record as $crate::table::Record>::FIELDS };
    (@reply) => { None };
    (@reply $reply:literal) => { Some($reply) };
    (@pattern $binding:ident, $record:ty) => { $binding };
}

/// Declares an enum of words with an `Unknown` variant for words that came after this build, and implements [`Value`]
/// for it.
macro_rules! words {
    ($(#[doc = $doc:literal])+ pub enum $name:ident {
        $($(#[doc = $variant_doc:literal])+ $variant:ident = $word:literal,)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
            /// A word that this build does not know.
            Unknown,
        }

        impl $name {
            /// Every word that this version writes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown => "unknown",
                }
            }

            /// What it means.
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($variant_doc),+),)+
                    Self::Unknown => "A word that this build does not know.",
                }
            }

            /// The variant of a word.
            pub fn named(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    _ => Self::Unknown,
                }
            }
        }

        impl $crate::table::Value for $name {
            const SHAPE: $crate::table::Shape = $crate::table::Shape::Word(&[$($word,)+]);

            fn from_json(
                json: serde_json::Value,
                name: &'static str,
            ) -> Result<Self, $crate::table::Unreadable> {
                <String as $crate::table::Value>::from_json(json, name).map(|word| Self::named(&word))
            }

            fn write_json(&self, out: &mut $crate::table::Writer) {
                out.string(self.name());
            }
        }
    };
}

pub use crate::record;
pub(crate) use {frames, words};
