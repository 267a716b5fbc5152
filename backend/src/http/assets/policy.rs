//! What a browser may do with the page: nothing that the page does not need.

use std::fmt::Write as _;

use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

/// On every answer.
const ALL: [(HeaderName, &str); 2] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// On the page itself.
const PAGE: [(HeaderName, &str); 4] = [
    // Rooms stand in the address; other sites need not know them.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
    ),
    // For browsers that do not know frame-ancestors.
    (X_FRAME_OPTIONS, "DENY"),
];

/// Headers of a file.
pub(super) fn for_file(headers: &mut HeaderMap) {
    for (name, value) in ALL {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Headers of the page: `scripts` are the hashes of its inline scripts, `host` is what the browser calls this server.
pub(super) fn for_page(
    headers: &mut HeaderMap,
    scripts: &[&str],
    host: Option<&str>,
    public_url: Option<&str>,
) {
    for_file(headers);
    for (name, value) in PAGE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(content_policy(scripts, host, public_url)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// No `unsafe-inline`, no `unsafe-eval`. The socket's address is spelt out, since not every browser takes `'self'`
/// for another scheme.
fn content_policy(scripts: &[&str], host: Option<&str>, public_url: Option<&str>) -> String {
    let mut policy = String::from("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
    for script in scripts {
        write!(policy, " '{script}'").expect("writing to a string");
    }
    policy.push_str("; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'");
    let public = public_url.and_then(|url| url.split_once("://")).map(|(_, host)| host.trim_end_matches('/'));
    let mut last = None;
    for host in [host, public].into_iter().flatten().filter(|host| is_host(host)) {
        if last != Some(host) {
            write!(policy, " ws://{host} wss://{host}").expect("writing to a string");
        }
        last = Some(host);
    }
    policy.push_str(
        "; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    policy
}

/// The header is the client's word: only what a host and port consist of gets into the policy.
fn is_host(host: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (1..=255).contains(&host.len()) && host.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_the_page_and_nothing_else() {
        let policy = content_policy(&["sha256-abc="], Some("localhost:8080"), None);
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-abc='; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; \
             connect-src 'self' ws://localhost:8080 wss://localhost:8080; manifest-src 'self'; object-src 'none'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
    }

    #[test]
    fn only_hosts_get_into_the_policy() {
        for (host, public_url, sources) in [
            (Some("[::1]:8080"), None, "'self' ws://[::1]:8080 wss://[::1]:8080"),
            (
                Some("chat.example"),
                Some("https://chat.example"),
                "'self' ws://chat.example wss://chat.example",
            ),
            (
                Some("10.0.0.1"),
                Some("https://a.b/"),
                "'self' ws://10.0.0.1 wss://10.0.0.1 ws://a.b wss://a.b",
            ),
            (Some("evil; script-src *"), None, "'self'"),
            (Some("a b"), None, "'self'"),
            (Some(""), None, "'self'"),
            (None, None, "'self'"),
        ] {
            let policy = content_policy(&[], host, public_url);
            let connect = policy.split("; ").find_map(|part| part.strip_prefix("connect-src "));
            assert_eq!(connect, Some(sources), "{host:?} {public_url:?}");
        }
    }
}
