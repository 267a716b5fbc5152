//! What the values of settings may look like.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::http::Uri;
use shared::text::Room;

/// How many messages a room is to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many, at most 1000000. With 0, messages are passed on and not kept.
    Count(u32),
    /// As many as the settings of the nodes say.
    Default,
}

pub(super) fn room(text: &str) -> Result<Room, String> {
    Room::parse(text).map_err(|error| error.to_string())
}

pub(super) fn keep(text: &str) -> Result<Keep, String> {
    if text == "default" {
        return Ok(Keep::Default);
    }
    match text.parse() {
        Ok(count @ 0..=1_000_000) => Ok(Keep::Count(count)),
        _ => Err("must be a number of messages from 0 to 1000000, or default".into()),
    }
}

pub(super) fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "must be an IP address, as in 127.0.0.1, 0.0.0.0 or ::1".into())
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, as in 127.0.0.1:9080 or [::1]:9080".into())
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let allowed = "must be a number of seconds from 0.01 to 86400";
    let seconds: f64 = text.parse().map_err(|_| allowed)?;
    if (0.01..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(allowed.into())
    }
}

pub(super) fn prefix(text: &str) -> Result<String, String> {
    let allowed = text.bytes().all(|b| b.is_ascii_graphic() && b != b'{' && b != b'}');
    if text.len() <= 64 && allowed {
        Ok(text.to_owned())
    } else {
        Err("must have at most 64 visible ASCII characters, without { and }".into())
    }
}

/// `scheme://host[:port]` in lower case, as browsers send it in `Origin` (RFC 6454 §6.2).
pub(super) fn origin(text: &str) -> Result<String, String> {
    let allowed =
        "must be http:// or https:// with a host and nothing after it, as in https://chat.example.org";
    let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| allowed)?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme @ ("http" | "https")), Some(authority))
            if matches!(uri.path(), "" | "/")
                && uri.query().is_none()
                && !authority.as_str().contains('@') =>
        {
            Ok(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
        }
        _ => Err(allowed.into()),
    }
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("must be tracing filter directives, as in info or backend=debug ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        assert_eq!(origin("https://Chat.Example.org/").unwrap(), "https://chat.example.org");
        assert_eq!(origin("http://localhost:8088").unwrap(), "http://localhost:8088");
    }
}
