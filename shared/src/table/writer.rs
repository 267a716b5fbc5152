//! Writes JSON, value by value. What is written is valid JSON if every value was.

/// An object or list that grows. No white space between the values.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an object.
    pub fn open(&mut self) {
        self.0.push(b'{');
    }

    /// Ends an object.
    pub fn close(&mut self) {
        self.0.push(b'}');
    }

    /// Starts a field; its value has to follow.
    pub fn name(&mut self, name: &str) {
        self.separate();
        self.string(name);
        self.0.push(b':');
    }

    /// A whole field that is a string.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    /// A string value.
    pub fn string(&mut self, text: &str) {
        self.json(text);
    }

    /// A number.
    pub fn number(&mut self, number: impl serde::Serialize) {
        self.json(&number);
    }

    /// What is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A list of values.
    pub fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.0.push(b'[');
        for item in items {
            self.separate();
            write(self, item);
        }
        self.0.push(b']');
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn end(self) -> String {
        String::from_utf8(self.0).unwrap_or_default()
    }

    /// Puts a comma between two values of the same object or list.
    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }

    fn json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // Strings and numbers always have a JSON form, and a buffer in memory takes it.
        let written = serde_json::to_writer(&mut self.0, value);
        debug_assert!(written.is_ok(), "{written:?}");
    }
}
