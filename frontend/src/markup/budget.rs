//! What one message body may cost the pages that show it.

/// Most bytes of a body that the reader looks at, over all its passes. Reading is linear: no body within the size
/// limit gets near this. It bounds the damage of a mistake in the reader.
pub const STEPS: usize = 64 * shared::limits::BODY_BYTES;

/// Most elements that one body may become. A log of 320 messages stays below 100 000 elements.
pub const ELEMENTS: usize = 256;

/// What is left of the bounds of one body.
#[derive(Debug)]
pub struct Budget {
    steps: usize,
    elements: usize,
}

/// The body costs more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

impl Default for Budget {
    fn default() -> Self {
        Self { steps: STEPS, elements: ELEMENTS }
    }
}

impl Budget {
    /// Pays for looking at some bytes.
    pub(super) fn step(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(bytes).ok_or(Exhausted)?;
        Ok(())
    }

    /// Pays for some elements.
    pub(super) fn element(&mut self, count: usize) -> Result<(), Exhausted> {
        self.elements = self.elements.checked_sub(count).ok_or(Exhausted)?;
        Ok(())
    }

    /// How many steps were paid for.
    #[cfg(all(test, not(target_arch = "wasm32")))]
    pub(super) fn steps_taken(&self) -> usize {
        STEPS - self.steps
    }
}
