//! What went wrong with a command, and whether it may have been executed.

use ::redis::{RedisError, ServerError};

use crate::broker::{BrokerError, StateError};

/// Why a command has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no connection: it was not sent.
    Down(String),
    /// It may have been executed: no answer in time.
    Timeout,
    /// It may have been executed: the connection broke.
    Broken(String),
    /// Not executed: Redis does not know the script.
    NoScript,
    /// Not executed, and likely to be soon: loading, busy.
    Later(String),
    /// Not executed: this server is a replica now. Another connection may find the right one.
    ReadOnly,
    /// Not executed: no space.
    Full(String),
    /// Not executed, and will not be as it is.
    Refused(String),
    /// An error of a kind that does not say whether something was done.
    Strange(String),
}

impl Failure {
    /// Whether it surely was not executed.
    pub(super) fn harmless(&self) -> bool {
        match self {
            Self::Timeout | Self::Broken(_) | Self::Strange(_) => false,
            Self::Down(_)
            | Self::NoScript
            | Self::Later(_)
            | Self::ReadOnly
            | Self::Full(_)
            | Self::Refused(_) => true,
        }
    }

    /// Whether the connection should be given up.
    pub(super) fn fatal(&self) -> bool {
        match self {
            Self::Timeout | Self::Broken(_) | Self::Down(_) | Self::ReadOnly => true,
            Self::NoScript | Self::Later(_) | Self::Full(_) | Self::Refused(_) | Self::Strange(_) => false,
        }
    }

    /// What a command that stores no message answers. Doing it again does no harm.
    pub(super) fn unanswered(self) -> BrokerError {
        match self {
            Self::Timeout => BrokerError::Unknown,
            other => BrokerError::Unavailable(other.to_string()),
        }
    }

    fn of_code(code: &str, detail: &str) -> Self {
        let text = || format!("{code} {detail}");
        match code {
            "NOSCRIPT" => Self::NoScript,
            "BUSY" | "LOADING" | "TRYAGAIN" | "MASTERDOWN" | "CLUSTERDOWN" => Self::Later(text()),
            "READONLY" => Self::ReadOnly,
            "OOM" => Self::Full(text()),
            "MISCONF" if detail.contains("No space") || detail.contains("disk") => Self::Full(text()),
            "MISCONF" | "NOREPLICAS" | "NOAUTH" | "NOPERM" | "WRONGPASS" | "MOVED" | "ASK" | "CROSSSLOT" => {
                Self::Refused(text())
            }
            _ => Self::Strange(text()),
        }
    }
}

impl From<&ServerError> for Failure {
    fn from(error: &ServerError) -> Self {
        Self::of_code(error.code(), error.details().unwrap_or_default())
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else if let Some(code) = error.code() {
            Self::of_code(code, error.detail().unwrap_or_default())
        } else {
            Self::Broken(error.to_string())
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => f.write_str("Redis did not answer in time"),
            Self::NoScript => f.write_str("Redis does not know the script"),
            Self::ReadOnly => f.write_str("Redis is read-only (a replica)"),
            Self::Down(why)
            | Self::Broken(why)
            | Self::Later(why)
            | Self::Full(why)
            | Self::Refused(why)
            | Self::Strange(why) => f.write_str(why),
        }
    }
}

impl From<Failure> for BrokerError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full(why) => Self::Full(why),
            other if other.harmless() => Self::Unavailable(other.to_string()),
            _ => Self::Unknown,
        }
    }
}

impl From<Failure> for StateError {
    fn from(failure: Failure) -> Self {
        if failure.harmless() { Self::Unavailable(failure.to_string()) } else { Self::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_was_not_done_is_called_not_stored() {
        for (code, detail, error) in [
            ("OOM", "command not allowed", BrokerError::Full("OOM command not allowed".into())),
            (
                "MISCONF",
                "Errors writing to the AOF file: No space left on device",
                BrokerError::Full(String::new()),
            ),
            ("MISCONF", "something else", BrokerError::Unavailable(String::new())),
            ("READONLY", "", BrokerError::Unavailable(String::new())),
            ("BUSY", "", BrokerError::Unavailable(String::new())),
            ("LOADING", "", BrokerError::Unavailable(String::new())),
            ("NOSCRIPT", "", BrokerError::Unavailable(String::new())),
            ("NOREPLICAS", "", BrokerError::Unavailable(String::new())),
            ("ERR", "Error running script", BrokerError::Unknown),
            ("WRONGTYPE", "", BrokerError::Unknown),
        ] {
            let got = BrokerError::from(Failure::of_code(code, detail));
            assert_eq!(std::mem::discriminant(&got), std::mem::discriminant(&error), "{code} {detail}");
        }
        assert_eq!(BrokerError::from(Failure::Timeout), BrokerError::Unknown);
        assert_eq!(BrokerError::from(Failure::Broken("x".into())), BrokerError::Unknown);
    }
}
