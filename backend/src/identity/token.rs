//! The token itself: claims and their signature. Pure.
//!
//! A token is `base64url(claims) "." base64url(HMAC-SHA-256(claims))` (RFC 2104), with a key that is derived from the
//! secret for this purpose alone. The claims name the key, so that a token of another secret is told from a forged one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::{
    person::Sender,
    text::{Name, UserId},
};

/// Longest token that is looked at, in bytes.
pub(crate) const TOKEN_BYTES: usize = 1024;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Which key signed it.
    #[serde(rename = "k")]
    key: String,
    /// Who it is about.
    #[serde(rename = "u")]
    pub user: UserId,
    /// What this person was called when it was issued.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The version of the name.
    #[serde(rename = "v", default)]
    pub named: u64,
    /// When it was issued, in milliseconds since the Unix epoch.
    #[serde(rename = "i")]
    pub issued: u64,
    /// When it ends.
    #[serde(rename = "e")]
    pub expires: u64,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no token.
    #[error("the token is malformed")]
    Malformed,
    /// Another secret signed it.
    #[error("the token was signed with another secret")]
    Foreign,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Forged,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its person asked to be forgotten.
    #[error("the token was revoked")]
    Revoked,
}

/// Signs and checks with one secret.
#[derive(Clone)]
pub struct Signer {
    secret: Vec<u8>,
    key_id: String,
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.key_id)
    }
}

impl Signer {
    /// Derives the key for tokens from the secret.
    pub fn new(secret: &[u8]) -> Self {
        let key = keyed(secret).chain_update(b"hubbub token 1").finalize().into_bytes();
        let key_id = encode(&Sha256::digest(key)[..6]);
        Self { secret: secret.to_vec(), key_id, mac: keyed(&key) }
    }

    /// The secret that the keys are derived from.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// A token for a person.
    pub fn sign(&self, sender: &Sender, named: u64, issued: u64, expires: u64) -> String {
        let (key, user, name) = (self.key_id.clone(), sender.id.clone(), Some(sender.name.clone()));
        let claims = Claims { key, user, name, named, issued, expires };
        let claims = encode(&serde_json::to_vec(&claims).unwrap_or_default());
        let signature = self.mac.clone().chain_update(&claims).finalize().into_bytes();
        format!("{claims}.{}", encode(&signature))
    }

    /// The claims, if the signature is good and the token has not expired.
    pub fn verify(&self, token: &str, now: u64) -> Result<Claims, Refusal> {
        if token.len() > TOKEN_BYTES {
            return Err(Refusal::Malformed);
        }
        let (signed, signature) = token.split_once('.').ok_or(Refusal::Malformed)?;
        let claims = URL_SAFE_NO_PAD.decode(signed).map_err(|_| Refusal::Malformed)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Refusal::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;
        if claims.key != self.key_id {
            return Err(Refusal::Foreign);
        }
        self.mac.clone().chain_update(signed).verify_slice(&signature).map_err(|_| Refusal::Forged)?;
        if claims.expires <= now { Err(Refusal::Expired) } else { Ok(claims) }
    }
}

/// `base64url` without padding (RFC 4648 §5).
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
}

#[cfg(test)]
mod tests {
    use shared::person::SenderKind;

    use super::*;

    fn sender(user: &UserId) -> Sender {
        Sender { id: user.clone(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest }
    }

    #[test]
    fn only_the_exact_token_counts() {
        let signer = Signer::new(b"one secret of at least some length");
        let other = Signer::new(b"another secret of about that length");
        let user: UserId = "u1".parse().unwrap();
        let token = signer.sign(&sender(&user), 7, 5, 100);
        let claims = signer.verify(&token, 99).unwrap();
        assert_eq!((claims.user, claims.name.unwrap().as_str(), claims.named), (user, "Ana", 7));
        assert_eq!(signer.verify(&token, 100), Err(Refusal::Expired));
        assert_eq!(other.verify(&token, 99), Err(Refusal::Foreign));

        let (claims, signature) = token.split_once('.').unwrap();
        let forged = encode(
            &String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap())
                .unwrap()
                .replace("u1", "u2")
                .into_bytes(),
        );
        assert_eq!(signer.verify(&format!("{forged}.{signature}"), 99), Err(Refusal::Forged));
        assert_eq!(signer.verify(&format!("{claims}."), 99), Err(Refusal::Forged));
        for bad in ["", ".", "a", "a.b", claims, &"x".repeat(5000), "e30.e30"] {
            assert_eq!(signer.verify(bad, 99), Err(Refusal::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let signer = Signer::new(b"one secret of at least some length");
        let token = signer.sign(&sender(&"u1".parse().unwrap()), 0, 5, 100);
        for at in 0..token.len() - 1 {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            if changed != token.as_bytes() {
                assert!(signer.verify(std::str::from_utf8(&changed).unwrap(), 99).is_err(), "at {at}");
            }
        }
    }
}
