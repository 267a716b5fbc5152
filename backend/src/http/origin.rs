//! Which origins may open a socket (RFC 6455 §10.2). Without this rule, any page could chat as its visitor.

use std::net::IpAddr;

/// The rule, as configured.
#[derive(Debug, Default)]
pub struct Origins {
    /// Listed origins, as browsers send them.
    pub listed: Vec<String>,
    /// The address under which browsers reach the node, if it is not its own.
    pub public_url: Option<String>,
    /// The address that the node listens on.
    pub bind: Option<IpAddr>,
}

impl Origins {
    /// Whether a page of `origin` may open a socket on a server that was addressed as `host`.
    /// No origin: not a browser.
    pub fn allows(&self, origin: Option<&str>, host: Option<&str>, https: bool) -> bool {
        let Some(origin) = origin else { return true };
        let origin = origin.to_ascii_lowercase();
        if self.listed.contains(&origin) || self.public_url.as_ref() == Some(&origin) {
            return true;
        }
        let Some(host) = host.map(str::to_ascii_lowercase) else { return false };
        let scheme = if https { "https" } else { "http" };
        self.is_own(&host, scheme) && same(&origin, scheme, &host)
    }

    /// Whether only this server can have the host. Any other name could be a site that points here (DNS rebinding).
    fn is_own(&self, host: &str, scheme: &str) -> bool {
        if self.public_url.as_ref().is_some_and(|url| same(url, scheme, host)) {
            return true;
        }
        let name = without_port(host);
        if name == "localhost" {
            return true;
        }
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            // An address cannot be rebound; on a node that listens everywhere each of its addresses is its own.
            Ok(ip) => ip.is_loopback() || self.bind.is_some_and(|bind| bind == ip || bind.is_unspecified()),
            Err(_) => false,
        }
    }
}

/// Whether an origin is exactly this scheme, host and port. A default port may be left out on either side.
fn same(origin: &str, scheme: &str, host: &str) -> bool {
    let default = if scheme == "https" { ":443" } else { ":80" };
    origin
        .strip_prefix(scheme)
        .and_then(|rest| rest.strip_prefix("://"))
        .is_some_and(|authority| cut(authority, default) == cut(host, default))
}

fn cut<'a>(authority: &'a str, default_port: &str) -> &'a str {
    authority.strip_suffix(default_port).unwrap_or(authority)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_and_listed_origins_pass() {
        let origins = Origins {
            listed: vec!["http://localhost:8088".into()],
            public_url: Some("https://chat.example.org".into()),
            bind: Some("192.0.2.7".parse().unwrap()),
        };
        let own = Some("127.0.0.1:8080");
        for (origin, host, https, expected) in [
            (None, own, false, true),
            (Some("http://127.0.0.1:8080"), own, false, true),
            (Some("HTTP://LocalHost:8080"), Some("localhost:8080"), false, true),
            (Some("http://[::1]:8080"), Some("[::1]:8080"), false, true),
            (Some("http://192.0.2.7:8080"), Some("192.0.2.7:8080"), false, true),
            (Some("http://192.0.2.8:8080"), Some("192.0.2.8:8080"), false, false),
            (Some("http://localhost"), Some("localhost:80"), false, true),
            (Some("http://localhost:8088"), own, false, true),
            (Some("https://chat.example.org"), Some("chat.example.org"), false, true),
            (Some("https://chat.example.org"), Some("chat.example.org"), true, true),
            (Some("null"), own, false, false),
            (Some("http://localhost:8081"), Some("localhost:8080"), false, false),
            (Some("https://localhost:8080"), Some("localhost:8080"), false, false),
            (Some("http://evil.test"), own, false, false),
            (Some("http://evil.test"), Some("evil.test"), false, false),
            (Some("https://chat.example.org.evil.test"), Some("chat.example.org"), true, false),
            (Some("http://127.0.0.1:8080.evil.test"), own, false, false),
            (Some("http://localhost.evil.test:8080"), Some("localhost.evil.test:8080"), false, false),
            (Some("http://127.0.0.1:8080"), None, false, false),
        ] {
            assert_eq!(origins.allows(origin, host, https), expected, "{origin:?} at {host:?}");
        }
        let everywhere = Origins { bind: Some("0.0.0.0".parse().unwrap()), ..Origins::default() };
        assert!(everywhere.allows(Some("http://192.0.2.8:8080"), Some("192.0.2.8:8080"), false));
        assert!(!everywhere.allows(Some("http://some.name:8080"), Some("some.name:8080"), false));
    }
}
