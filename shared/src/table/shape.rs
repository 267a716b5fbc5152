//! What objects and fields look like, as data: for the reference in `docs/protocol.md` and the JSON Schema.

/// One field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name on the wire. For [`Shape::Flat`], [`Shape::OneOf`] and [`Shape::Tagged`] a name in the code only.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What it looks like.
    pub shape: Shape,
}

/// One variant of a set of frames.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// What tells it from the others; empty where the key is absent.
    pub tag: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its fields, in the order in which they are written.
    pub fields: &'static [Described],
    /// For a command: the tag of its reply.
    pub reply: Option<&'static str>,
}

/// What a field looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any string.
    Text,
    /// A string with rules that have a name in the reference: `room`, `name`, …
    Rule(&'static str, Form),
    /// One of these words; readers accept others.
    Word(&'static [&'static str]),
    /// A whole number from 0 to 2⁶⁴−1.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list.
    List(&'static Shape),
    /// An object.
    Object(&'static [Described]),
    /// It may be absent.
    Optional(&'static Shape),
    /// The fields stand among those of the object around them.
    Flat {
        /// The fields.
        fields: &'static [Described],
        /// Either all of them are there or they count for nothing.
        optional: bool,
    },
    /// Exactly one of these fields is there.
    OneOf(&'static [Described]),
    /// The fields of one of these variants stand among those of the object around them.
    Tagged {
        /// The field that tells them apart.
        key: &'static str,
        /// The variants.
        frames: &'static [Frame],
    },
}

/// The form of a string with rules. None of them is empty.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// At most so many characters.
    Chars(usize),
    /// At most so many bytes of UTF-8.
    Bytes(usize),
    /// Characters of this class (of a regular expression), at most so many.
    Class(&'static str, usize),
}
