//! How a connection ends: WebSocket close codes (RFC 6455 §7.4, IANA registry) with the decision to come back.
//!
//! The application's own codes carry that decision by range: 3000–3499 come back, 3500–3999 stay away.

/// Declares the reasons with their numbers and texts.
macro_rules! reasons {
    ($(#[doc = $doc:literal])+ pub enum $name:ident {
        $($(#[doc = $variant_doc:literal])+ $variant:ident = $code:literal, $text:literal;)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
        }

        impl $name {
            /// Every reason, for tables and tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number on the wire.
            pub const fn code(self) -> u16 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The text beside the number: at most 123 bytes (RFC 6455 §5.5).
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// What it means.
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($variant_doc),+),)+
                }
            }
        }
    };
}

reasons! {
    /// Every way in which the server ends a connection.
    pub enum CloseReason {
        /// Normal end: the client closed.
        Normal = 1000, "";
        /// The bytes were no WebSocket traffic.
        ProtocolError = 1002, "not WebSocket traffic";
        /// A text frame was not UTF-8.
        InvalidText = 1007, "text must be UTF-8";
        /// Flooding went on after it was refused.
        Flooding = 1008, "too many commands";
        /// A message was over 65536 bytes.
        TooBig = 1009, "message too big";
        /// A defect of the server.
        Internal = 1011, "internal error";
        /// The node leaves; another one takes over. A `move` event came before it.
        Restart = 1012, "this node is leaving, connect again";
        /// A room of this connection cannot be served without a hole; joining again repairs it.
        TryAgain = 1013, "try again";
        /// The client read too slowly: its outbox was full or a write took too long. Connect again and resume.
        Slow = 3008, "reading too slowly, connect again and resume";
        /// No answer to a ping.
        Unresponsive = 3009, "no answer to ping";
        /// No `hello` in time.
        NoHello = 3501, "no hello in time";
        /// The person of this connection said `forget`, on another connection: drop the token and ask who is there.
        Forgotten = 3502, "this person asked to be forgotten";
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
