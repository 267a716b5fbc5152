//! Who a session is: signed tokens make a person durable, on any node, without an account.
//!
//! | file | idea |
//! |---|---|
//! | [`token`] | a token and its signature, pure |
//! | [`principal`] | who a session is |
//! | [`person`] | what the broker keeps of a person: the name, and whether the tokens still count |
//! | [`forgotten`] | who asked to be forgotten, in the memory of each node |
//! | [`fresh`] | new ids and nonces |

pub mod forgotten;
pub mod fresh;
pub mod person;
pub mod principal;
pub mod token;

use std::sync::Arc;

use bytes::Bytes;
use shared::{
    error::{ErrorCode, ProtocolError},
    text::{Name, UserId},
};
use tokio::sync::RwLock;

use self::{forgotten::Forgotten, person::KeptName, token::Claims};
pub use self::{
    fresh::{fresh_id, fresh_nonce},
    person::TOKEN_LIFE,
    principal::Principal,
    token::{Refusal, Signer},
};
use crate::{
    broker::{Key, State, StateError},
    clock,
    config::Secret,
};

/// A person who was let in, and what proves it next time.
#[derive(Debug, Clone)]
pub struct Admission {
    /// Who it is.
    pub principal: Principal,
    /// The renewed token.
    pub token: String,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires: u64,
    /// Why the token that was shown did not count.
    pub refused: Option<ProtocolError>,
}

/// Issues and accepts tokens, and keeps names. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    state: Arc<dyn State>,
    configured: bool,
    signer: Arc<RwLock<Option<Signer>>>,
    forgotten: Forgotten,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Signs with the configured secret; without one, with the secret that all nodes share in the broker's state.
    pub fn new(state: Arc<dyn State>, secret: Option<&Secret>, forgotten: Forgotten) -> Self {
        let signer = secret.map(|secret| Signer::new(secret.0.as_bytes()));
        Self { state, configured: signer.is_some(), signer: Arc::new(RwLock::new(signer)), forgotten }
    }

    /// Lets a person in: the one of the token if it is good, else a new guest. A person who is known keeps the name
    /// that they have; `name` counts for a new guest.
    ///
    /// `claim` hears who a well-signed token is about before the broker is asked whether that person was forgotten, so
    /// that whoever is forgotten in between can be told.
    pub async fn admit(
        &self,
        name: Name,
        shown: Option<&str>,
        claim: impl Fn(&UserId) + Send,
    ) -> Result<Admission, StateError> {
        let signer = self.signer().await?;
        let checked = match shown {
            None => return Ok(admission(&signer, Principal::new_guest(name), None)),
            Some(token) => self.check(&signer, token, claim).await?,
        };
        Ok(match checked {
            Ok((user, kept)) => {
                let KeptName { name, version } = kept.unwrap_or(KeptName { name, version: 0 });
                admission(&signer, Principal::guest(user, name, version), None)
            }
            Err(refusal) => {
                let refused = ProtocolError::new(ErrorCode::TokenInvalid, refusal.to_string());
                admission(&signer, Principal::new_guest(name), Some(refused))
            }
        })
    }

    /// Gives the person another name. With `keep` it is written down, for all their tokens; else only those who are
    /// connected hear of it, and tokens that are issued from now on carry it.
    pub async fn rename(
        &self,
        principal: &Principal,
        name: Name,
        keep: bool,
    ) -> Result<Principal, StateError> {
        let kept = if keep {
            person::rename(&*self.state, &principal.sender.id, name, principal.named).await?
        } else {
            KeptName { name, version: person::next_version(principal.named) }
        };
        let mut principal = principal.clone();
        principal.follow(kept);
        Ok(principal)
    }

    /// Makes every token of this person worthless and gives a new guest instead. Connections that are open are the
    /// caller's to end.
    pub async fn forget(&self, principal: &Principal) -> Result<Admission, StateError> {
        let signer = self.signer().await?;
        person::revoke(&*self.state, &principal.sender.id).await?;
        self.forgotten.remember(&principal.sender.id);
        Ok(admission(&signer, Principal::new_guest(principal.sender.name.clone()), None))
    }

    /// Makes sure that the secret in use is the one that the broker keeps. To be called whenever the broker may
    /// have lost its state: there are never two secrets in use.
    pub async fn reconcile(&self) -> Result<(), StateError> {
        if self.configured {
            return Ok(());
        }
        let mut current = self.signer.write().await;
        let Some(signer) = &*current else { return Ok(()) };
        let kept = keep(&*self.state, signer.secret()).await?;
        if kept != signer.secret() {
            tracing::warn!(
                "the broker keeps another secret: tokens that this node issued before are no longer good"
            );
            *current = Some(Signer::new(&kept));
        }
        Ok(())
    }

    async fn signer(&self) -> Result<Signer, StateError> {
        if let Some(signer) = &*self.signer.read().await {
            return Ok(signer.clone());
        }
        let kept = keep(&*self.state, &fresh::secret()).await?;
        let signer = Signer::new(&kept);
        *self.signer.write().await = Some(signer.clone());
        Ok(signer)
    }

    /// Who a token is about, and the name that is kept of them.
    async fn check(
        &self,
        signer: &Signer,
        token: &str,
        claim: impl Fn(&UserId) + Send,
    ) -> Result<Result<(UserId, Option<KeptName>), Refusal>, StateError> {
        let Claims { user, name, named, issued, .. } = match signer.verify(token, clock::now_ms()) {
            Ok(claims) => claims,
            Err(refusal) => return Ok(Err(refusal)),
        };
        claim(&user);
        let record = person::get(&*self.state, &user).await?;
        if record.revokes(issued) {
            self.forgotten.remember(&user);
        }
        if self.forgotten.contains(&user) {
            return Ok(Err(Refusal::Revoked));
        }
        let claimed = name.map(|name| KeptName { name, version: named });
        let newest = record.kept_name().into_iter().chain(claimed).max_by_key(|kept| kept.version);
        Ok(Ok((user, newest)))
    }
}

fn admission(signer: &Signer, principal: Principal, refused: Option<ProtocolError>) -> Admission {
    let now = clock::now_ms();
    let expires = now.saturating_add(clock::millis(TOKEN_LIFE));
    let token = signer.sign(&principal.sender, principal.named, now, expires);
    Admission { principal, token, expires, refused }
}

/// Keeps `secret` as the secret of all nodes unless there is one already; returns the one that counts.
async fn keep(state: &dyn State, secret: &[u8]) -> Result<Vec<u8>, StateError> {
    loop {
        if let Some(kept) = state.get(&Key::Secret).await? {
            return Ok(kept.value.to_vec());
        }
        match state.put(&Key::Secret, Some(0), Bytes::copy_from_slice(secret), None).await {
            Ok(_) => return Ok(secret.to_vec()),
            Err(StateError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
}
