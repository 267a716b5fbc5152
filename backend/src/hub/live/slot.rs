//! One session in a room, and what is held back while its page is read.

use shared::close::CloseReason;

use super::{Member, waiting::WAITING};
use crate::outbox::Frame;

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) member: Member,
    /// While the page for a joining member is read, what happens meanwhile waits here.
    pub(super) held: Option<Held>,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) frames: Vec<Frame>,
    bytes: usize,
}

impl Slot {
    pub(super) fn push(&mut self, frame: Frame) {
        match &mut self.held {
            Some(held) if held.bytes < WAITING => {
                held.bytes += frame.len();
                held.frames.push(frame);
            }
            // The client comes back and resumes.
            Some(_) => self.member.outbox.end(CloseReason::Slow),
            None => self.member.outbox.push(frame),
        }
    }
}
