//! The client of a request: its address behind trusted proxies, and the host that it named.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header::HOST};

/// The trusted proxies. Forwarding headers of other peers are ignored.
#[derive(Debug, Default)]
pub struct Trust {
    proxies: Vec<IpAddr>,
}

impl Trust {
    /// Trusts these proxies.
    pub fn new(proxies: Vec<IpAddr>) -> Self {
        Self { proxies: proxies.into_iter().map(|ip| ip.to_canonical()).collect() }
    }

    /// Whether this is the address of a trusted proxy.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.contains(&address.to_canonical())
    }

    /// The client's address: the rightmost hop that is not a trusted proxy.
    pub fn address(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.ip().to_canonical();
        if !self.is_proxy(peer) {
            return peer;
        }
        let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        for hop in hops.iter().rev() {
            match hop.parse::<IpAddr>() {
                Ok(ip) if self.is_proxy(ip) => {}
                Ok(ip) => return ip.to_canonical(),
                // Whatever stands left of an invalid hop cannot be trusted.
                Err(_) => return peer,
            }
        }
        peer
    }

    /// The host that the client named, with its port if it named one.
    pub fn host<'a>(&self, peer: SocketAddr, headers: &'a HeaderMap) -> Option<&'a str> {
        let forwarded = headers.get("x-forwarded-host").filter(|_| self.is_proxy(peer.ip()));
        forwarded.or_else(|| headers.get(HOST)).and_then(|value| value.to_str().ok())
    }

    /// Whether a trusted proxy says that the client uses TLS.
    pub fn https(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        self.is_proxy(peer.ip())
            && headers
                .get("x-forwarded-proto")
                .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rightmost_untrusted_hop_counts() {
        let trust = Trust::new(vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()]);
        for (peer, forwarded, expected) in [
            ("192.0.2.9", None, "192.0.2.9"),
            ("192.0.2.9", Some("203.0.113.5"), "192.0.2.9"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("10.0.0.1", Some("203.0.113.5"), "203.0.113.5"),
            ("10.0.0.1", Some("1.1.1.1, 203.0.113.5, 10.0.0.2"), "203.0.113.5"),
            ("10.0.0.1", Some("1.1.1.1, nonsense"), "10.0.0.1"),
            ("10.0.0.1", Some("10.0.0.2"), "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            }
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            assert_eq!(trust.address(peer, &headers), expected.parse::<IpAddr>().unwrap(), "{forwarded:?}");
        }
    }
}
