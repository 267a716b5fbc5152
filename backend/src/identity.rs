//! Who somebody is: signed tokens that make a name durable, on any node, without an account.
//!
//! A token is `base64url(claims) "." base64url(HMAC-SHA-256(claims))` (RFC 2104), with a key that is derived from
//! the secret for this purpose alone. The claims name the key, so that a token of another secret is told from a forged one.

pub mod token;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::{
    error::{ErrorCode, ProtocolError},
    message::{Person, Sender, SenderKind},
    text::{Name, UserId},
};
use tokio::sync::RwLock;

pub use self::token::{Refusal, Signer};
use crate::{
    broker::{Key, State, StateError},
    clock,
    config::Secret,
};

/// For how long a token is good; each `welcome` gives a new one.
pub const TOKEN_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);

/// How much longer than a token it is kept that a person's tokens are worthless: clocks need not agree.
const CLOCKS_APART: Duration = Duration::from_secs(24 * 3600);

/// Who a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// How this somebody signs what they say.
    pub sender: Sender,
}

impl Principal {
    /// A nameless client of the classic dialect, with an id for this connection alone.
    pub fn classic() -> Self {
        let name = Name::parse("Guest").unwrap_or_else(|_| unreachable!("a valid name"));
        Self { sender: Sender { id: fresh_id("c"), name, kind: SenderKind::Classic } }
    }

    fn guest(id: UserId, name: Name) -> Self {
        Self { sender: Sender { id, name, kind: SenderKind::Guest } }
    }

    /// How others see this somebody in a room; classic clients are not seen.
    pub fn person(&self) -> Option<Person> {
        match self.sender.kind {
            SenderKind::Guest => Some(Person { id: self.sender.id.clone(), name: self.sender.name.clone() }),
            SenderKind::Classic | SenderKind::Unknown => None,
        }
    }
}

/// Somebody who was let in, and what proves it next time.
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

/// Issues and accepts tokens. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    state: Arc<dyn State>,
    configured: bool,
    signer: Arc<RwLock<Option<Signer>>>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// What is kept of a person.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PersonRecord {
    /// Tokens issued before this moment (milliseconds since the Unix epoch) are worthless.
    #[serde(default)]
    not_before: u64,
}

impl Identity {
    /// Signs with the configured secret; without one, with the secret that all nodes share in the broker's state.
    pub fn new(state: Arc<dyn State>, secret: Option<&Secret>) -> Self {
        let signer = secret.map(|secret| Signer::new(secret.0.as_bytes()));
        Self { state, configured: signer.is_some(), signer: Arc::new(RwLock::new(signer)) }
    }

    /// Lets somebody in: the person of the token if it is good, else a new guest.
    /// `claim` hears who a well-signed token is about before it is looked up whether that person was forgotten: who is
    /// forgotten in between can be told.
    pub async fn admit(
        &self,
        name: Name,
        shown: Option<&str>,
        claim: impl Fn(&UserId) + Send,
    ) -> Result<Admission, StateError> {
        let signer = self.signer().await?;
        let (id, refused) = match shown {
            None => (fresh_id("u"), None),
            Some(token) => match self.check(&signer, token, claim).await? {
                Ok(id) => (id, None),
                Err(refusal) => {
                    (fresh_id("u"), Some(ProtocolError::new(ErrorCode::TokenInvalid, refusal.to_string())))
                }
            },
        };
        Ok(admission(&signer, Principal::guest(id, name), refused))
    }

    /// Makes every token of this person worthless and gives a new guest instead. Connections that are open are the
    /// caller's to end.
    pub async fn forget(&self, principal: &Principal) -> Result<Admission, StateError> {
        let signer = self.signer().await?;
        // No moment of this node's clock: nodes whose clocks are ahead have issued tokens after it.
        let record = PersonRecord { not_before: u64::MAX };
        let value = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
        let expires = Some(TOKEN_LIFE + CLOCKS_APART);
        self.state.put(&Key::Person(principal.sender.id.clone()), None, value, expires).await?;
        let guest = Principal::guest(fresh_id("u"), principal.sender.name.clone());
        Ok(admission(&signer, guest, None))
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
        let kept = keep(&*self.state, &random::<32>()).await?;
        let signer = Signer::new(&kept);
        *self.signer.write().await = Some(signer.clone());
        Ok(signer)
    }

    async fn check(
        &self,
        signer: &Signer,
        token: &str,
        claim: impl Fn(&UserId) + Send,
    ) -> Result<Result<UserId, Refusal>, StateError> {
        let claims = match signer.verify(token, clock::now_ms()) {
            Ok(claims) => claims,
            Err(refusal) => return Ok(Err(refusal)),
        };
        claim(&claims.user);
        let record = record(&*self.state, &claims.user).await?;
        Ok(if claims.issued < record.not_before { Err(Refusal::Revoked) } else { Ok(claims.user) })
    }
}

/// Whether this person asked to be forgotten.
pub async fn is_forgotten(state: &dyn State, user: &UserId) -> Result<bool, StateError> {
    Ok(record(state, user).await?.not_before > 0)
}

async fn record(state: &dyn State, user: &UserId) -> Result<PersonRecord, StateError> {
    let found = state.get(&Key::Person(user.clone())).await?;
    Ok(found.and_then(|found| serde_json::from_slice(&found.value).ok()).unwrap_or_default())
}

fn admission(signer: &Signer, principal: Principal, refused: Option<ProtocolError>) -> Admission {
    let now = clock::now_ms();
    let expires = now.saturating_add(clock::millis(TOKEN_LIFE));
    let token = signer.sign(&principal.sender.id, now, expires);
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

/// An id that nobody has: 96 random bits behind a letter that names its kind.
pub fn fresh_id(kind: &str) -> UserId {
    let random = token::encode(&random::<12>());
    UserId::parse(&format!("{kind}{random}")).unwrap_or_else(|_| unreachable!("base64url is a valid id"))
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap_or_else(|error| unreachable!("the system has randomness: {error}"));
    bytes
}
