//! How a connection ends: WebSocket close codes (RFC 6455 §7.4, IANA registry) with the decision to come back.
//!
//! The application's own codes carry that decision by range: 3000–3499 come back, 3500–3999 stay away.

/// Every way in which the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client closed and the server answers.
    Normal,
    /// The bytes were no WebSocket traffic.
    ProtocolError,
    /// A text frame was not UTF-8.
    InvalidText,
    /// Flooding went on after it was refused.
    Flooding,
    /// A message was over [`FRAME_BYTES`](crate::limits::FRAME_BYTES).
    TooBig,
    /// A defect of the server.
    Internal,
    /// The node leaves; another one takes the client.
    Restart,
    /// A room of this connection can no longer be served without a hole; joining again repairs it.
    TryAgain,
    /// The client read too slowly: its outbox was full or a write took too long. It comes back and resumes.
    Slow,
    /// No pong came back: nobody is there.
    Unresponsive,
    /// A `hubbub.v1` client did not say hello in time.
    NoHello,
    /// The person of this connection asked to be forgotten, on whichever connection.
    Forgotten,
}

impl CloseReason {
    /// Every reason, for tables and tests.
    pub const ALL: [Self; 12] = [
        Self::Normal,
        Self::ProtocolError,
        Self::InvalidText,
        Self::Flooding,
        Self::TooBig,
        Self::Internal,
        Self::Restart,
        Self::TryAgain,
        Self::Slow,
        Self::Unresponsive,
        Self::NoHello,
        Self::Forgotten,
    ];

    /// The number on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::ProtocolError => 1002,
            Self::InvalidText => 1007,
            Self::Flooding => 1008,
            Self::TooBig => 1009,
            Self::Internal => 1011,
            Self::Restart => 1012,
            Self::TryAgain => 1013,
            Self::Slow => 3008,
            Self::Unresponsive => 3009,
            Self::NoHello => 3501,
            Self::Forgotten => 3502,
        }
    }

    /// The text beside the number: at most 123 bytes (RFC 6455 §5.5).
    pub const fn text(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::ProtocolError => "not WebSocket traffic",
            Self::InvalidText => "text must be UTF-8",
            Self::Flooding => "too many commands",
            Self::TooBig => "message too big",
            Self::Internal => "internal error",
            Self::Restart => "this node is leaving, connect again",
            Self::TryAgain => "try again",
            Self::Slow => "reading too slowly, connect again and resume",
            Self::Unresponsive => "no answer to ping",
            Self::NoHello => "no hello in time",
            Self::Forgotten => "this person asked to be forgotten",
        }
    }
}

/// What a client does after a connection ended with some code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// Connect again, waiting longer after each failure.
    Backoff,
    /// Connect again as after a first failure: the server asked for it.
    Soon,
    /// Do not connect by itself; a person may try.
    Never,
}

/// The client's decision, for codes of any origin (proxies and browsers make some of their own).
pub const fn after(code: u16) -> Return {
    match code {
        1012 | 1013 | 3000..=3499 => Return::Soon,
        1002 | 1003 | 1007..=1010 | 3500..=3999 => Return::Never,
        _ => Return::Backoff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_decide() {
        for (reason, expected) in [
            (CloseReason::Normal, Return::Backoff),
            (CloseReason::ProtocolError, Return::Never),
            (CloseReason::InvalidText, Return::Never),
            (CloseReason::Flooding, Return::Never),
            (CloseReason::TooBig, Return::Never),
            (CloseReason::Internal, Return::Backoff),
            (CloseReason::Restart, Return::Soon),
            (CloseReason::TryAgain, Return::Soon),
            (CloseReason::Slow, Return::Soon),
            (CloseReason::Unresponsive, Return::Soon),
            (CloseReason::NoHello, Return::Never),
            (CloseReason::Forgotten, Return::Never),
        ] {
            assert_eq!(after(reason.code()), expected, "{reason:?}");
        }
        assert_eq!(after(1006), Return::Backoff);
    }

    #[test]
    fn codes_differ_and_texts_fit() {
        let mut codes: Vec<_> = CloseReason::ALL.iter().map(|reason| reason.code()).collect();
        codes.dedup();
        assert_eq!(codes.len(), CloseReason::ALL.len());
        assert!(CloseReason::ALL.iter().all(|reason| reason.text().len() <= 123));
    }
}
