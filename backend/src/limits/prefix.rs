//! The part of an address that one customer of a network is given.

use std::net::{IpAddr, Ipv6Addr};

/// Who is counted as one client: an IPv4 address, or an IPv6 network. Whoever has one address of an IPv6 network has
/// 2^64 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix(IpAddr);

impl Prefix {
    /// The prefix of an address, with the first `ipv6_bits` of an IPv6 address (0 to 128).
    /// `None` for loopback, which no bound per address counts.
    pub fn of(address: IpAddr, ipv6_bits: u8) -> Option<Self> {
        match address.to_canonical() {
            address if address.is_loopback() => None,
            IpAddr::V4(address) => Some(Self(address.into())),
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(ipv6_bits.min(128))).unwrap_or(0);
                Some(Self(Ipv6Addr::from_bits(address.to_bits() & mask).into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_are_one() {
        let of = |address: &str, bits| Prefix::of(address.parse().unwrap(), bits);
        for (one, other, bits, same) in [
            ("192.0.2.1", "192.0.2.1", 64, true),
            ("192.0.2.1", "192.0.2.2", 64, false),
            ("192.0.2.1", "::ffff:192.0.2.1", 64, true),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", 64, true),
            ("2001:db8::1", "2001:db8:0:1::1", 64, false),
            ("2001:db8::1", "2001:db8:0:ff::1", 56, true),
            ("2001:db8::1", "2001:db8:0:100::1", 56, false),
            ("2001:db8::1", "2001:db8::2", 128, false),
            ("2001:db8::1", "fe80::1", 0, true),
        ] {
            assert_eq!(of(one, bits) == of(other, bits), same, "{one} {other} /{bits}");
        }
        for free in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(of(free, 64), None, "{free}");
        }
    }
}
