//! The broker that the settings name, and what keeps a node from starting.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    broker::{Broker, embedded, redis},
    config,
};

/// The broker that the settings name.
pub fn connect(settings: &config::Broker) -> Result<Broker, StartError> {
    let age = Duration::from_secs(u64::from(settings.history_days) * 24 * 3600);
    match settings.redis()? {
        Some(url) => {
            let settings = redis::RedisSettings {
                url: url.0,
                ca: settings.redis_ca.clone(),
                prefix: settings.redis_prefix.clone(),
                history_max: settings.history_messages.into(),
                history_age: age,
                history_min_age: settings.history_min_age,
                wait_replicas: (settings.redis_wait_replicas > 0).then_some(settings.redis_wait_replicas),
                ..redis::RedisSettings::default()
            };
            Ok(redis::connect(&settings)?)
        }
        None => Ok(open(settings, age)?.join()),
    }
}

fn open(settings: &config::Broker, age: Duration) -> Result<Arc<embedded::Store>, embedded::OpenError> {
    embedded::Store::open(embedded::EmbeddedSettings {
        path: Some(settings.data.clone()),
        history_max: settings.history_messages.into(),
        history_age: age,
        history_min_age: settings.history_min_age,
        ..embedded::EmbeddedSettings::default()
    })
}

/// What keeps a node from starting. Each says in one sentence which setting is wrong and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address} ({flags}): {source}; choose a free port and an address of this machine"
    )]
    Listen {
        /// The settings that say so.
        flags: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A secret or the file that holds it cannot be used.
    #[error(transparent)]
    Secret(#[from] config::SecretError),
    /// The history file cannot be used.
    #[error("cannot use the history file (--data): {0}")]
    Open(#[from] embedded::OpenError),
    /// The address of Redis cannot be used.
    #[error("cannot use the address of Redis (--redis-url): {0}")]
    Redis(redis::BadSettings),
    /// The certificates to believe cannot be used.
    #[error("cannot use the certificates for Redis (--redis-ca): {0}")]
    Authority(redis::BadSettings),
}

impl From<redis::BadSettings> for StartError {
    fn from(bad: redis::BadSettings) -> Self {
        match bad {
            redis::BadSettings::Authority { .. } => Self::Authority(bad),
            redis::BadSettings::Url(_) | redis::BadSettings::Prefix => Self::Redis(bad),
        }
    }
}
