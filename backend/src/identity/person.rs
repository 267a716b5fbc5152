//! What the broker keeps of a person: the name that they chose last, and whether their tokens still count.
//!
//! Nothing is kept of a person who never used `rename` or `forget`. A token carries a name, too: the record is for the
//! tokens and connections that have an older one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::text::{Name, UserId};

use crate::{
    broker::{Key, State, StateError},
    clock,
};

/// For how long a token is good; each `welcome` gives a new one.
pub const TOKEN_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);

/// How long a name is kept after it was chosen; tokens that are used in that time get to know it.
const NAME_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How much longer than a token the record of its person is kept: the clocks of nodes need not agree.
const CLOCKS_APART: Duration = Duration::from_secs(24 * 3600);

/// A name and its version: the newer one holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptName {
    /// The name.
    pub name: Name,
    /// Grows with each name of the person. It is a time in milliseconds where that is greater than the last version, so
    /// that it grows also after the broker lost the record.
    pub version: u64,
}

/// The record.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PersonRecord {
    /// Tokens issued before this moment (milliseconds since the Unix epoch) are worthless.
    #[serde(default)]
    not_before: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    #[serde(default)]
    named: u64,
}

impl PersonRecord {
    /// Whether a token of that time is worthless.
    pub(super) fn revokes(&self, issued: u64) -> bool {
        issued < self.not_before
    }

    /// The name that the person chose last.
    pub(super) fn kept_name(&self) -> Option<KeptName> {
        self.name.clone().map(|name| KeptName { name, version: self.named })
    }
}

/// The record of a person, empty where there is none.
pub(super) async fn get(state: &dyn State, user: &UserId) -> Result<PersonRecord, StateError> {
    let found = state.get(&Key::Person(user.clone())).await?;
    Ok(found.and_then(|found| serde_json::from_slice(&found.value).ok()).unwrap_or_default())
}

/// What counts for a person who is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They asked to be forgotten.
    Forgotten,
    /// They have this name, if one is kept.
    Known(Option<KeptName>),
}

/// What the broker keeps of a person.
pub async fn standing(state: &dyn State, user: &UserId) -> Result<Standing, StateError> {
    let record = get(state, user).await?;
    Ok(if record.not_before > 0 { Standing::Forgotten } else { Standing::Known(record.kept_name()) })
}

/// Makes all tokens of a person worthless.
pub async fn revoke(state: &dyn State, user: &UserId) -> Result<(), StateError> {
    // Not a moment of this node's clock: nodes whose clocks are ahead have issued tokens after it. The name goes, too.
    change(state, user, |record| *record = PersonRecord { not_before: u64::MAX, ..PersonRecord::default() })
        .await
        .map(drop)
}

/// Keeps a new name, newer than `known`.
pub(super) async fn rename(
    state: &dyn State,
    user: &UserId,
    name: Name,
    known: u64,
) -> Result<KeptName, StateError> {
    let record = change(state, user, |record| {
        record.named = next_version(record.named.max(known));
        record.name = Some(name.clone());
    })
    .await?;
    Ok(KeptName { name, version: record.named })
}

/// The version of a name that follows one with the version `last`.
pub(super) fn next_version(last: u64) -> u64 {
    clock::now_ms().max(last.saturating_add(1))
}

async fn change(
    state: &dyn State,
    user: &UserId,
    change: impl Fn(&mut PersonRecord) + Send + Sync,
) -> Result<PersonRecord, StateError> {
    let key = Key::Person(user.clone());
    loop {
        let found = state.get(&key).await?;
        let version = found.as_ref().map_or(0, |found| found.version);
        let mut record: PersonRecord =
            found.and_then(|found| serde_json::from_slice(&found.value).ok()).unwrap_or_default();
        change(&mut record);
        let value = serde_json::to_vec(&record).unwrap_or_default().into();
        let life = if record.not_before > 0 { TOKEN_LIFE + CLOCKS_APART } else { NAME_LIFE };
        match state.put(&key, Some(version), value, Some(life)).await {
            Ok(_) => return Ok(record),
            // Another node was quicker: what it wrote is changed instead.
            Err(StateError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
}
