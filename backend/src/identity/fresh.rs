//! New ids, nonces and secrets.

use shared::text::{Nonce, UserId};

use super::token;

/// An id that nobody has: 96 random bits behind a letter that names its kind.
pub fn fresh_id(kind: &str) -> UserId {
    let random = token::encode(&random::<12>());
    UserId::parse(&format!("{kind}{random}")).unwrap_or_else(|_| unreachable!("base64url is a valid id"))
}

/// A nonce for a client that has none.
///
/// It must differ from the other nonces of the same sender, whose id is random and unguessable; nothing is proved by
/// it. So a generator in user space is enough, which spares each message a system call.
pub fn fresh_nonce() -> Nonce {
    let nonce = format!("n{:016x}", fastrand::u64(..));
    Nonce::parse(&nonce).unwrap_or_else(|_| unreachable!("hexadecimal digits are a valid nonce"))
}

/// A secret to sign with.
pub(super) fn secret() -> [u8; 32] {
    random()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap_or_else(|error| unreachable!("the system has randomness: {error}"));
    bytes
}
