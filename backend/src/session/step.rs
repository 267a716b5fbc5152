//! What follows from one frame of the peer.

use shared::{command::Command, text::Room};

use super::{
    conversation::Conversation,
    publication::{Ack, Publication},
};
use crate::outbox::Frame;

/// What follows from one frame of the peer.
pub(super) enum Step {
    /// Say this.
    Say(Frame),
    /// Say what comes of this, whenever it comes.
    Await(Ack),
    /// Do this before anything else is read.
    Do(Task),
}

/// Something that is done before the next frame is read.
pub(super) enum Task {
    /// A command of the v1 dialect, with its request id.
    V1(u64, Command),
    /// Enter a room (classic).
    Subscribe(Room),
    /// Store an entry, once it is known that it may be.
    Publish(Box<Publication>),
}

impl Step {
    /// Queues an entry now, or has the session look first whether it may make a room: what is sent meanwhile is read
    /// afterwards, so that the order stays.
    pub(super) fn publish(publication: Publication, conversation: &Conversation) -> Self {
        if publication.needs_no_look(conversation) {
            Self::Await(publication.queue(conversation))
        } else {
            Self::Do(Task::Publish(Box::new(publication)))
        }
    }
}
