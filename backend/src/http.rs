//! HTTP: the page, the socket, health and metrics. The only part that names axum's socket types.
//!
//! In reading order: [`serve`] (connections and their deadlines), [`ws`] (the upgrade), [`origin`] (who may ask for it),
//! [`client`] (who asks), [`health`], [`assets`] (the page).

pub mod assets;
pub mod client;
pub mod health;
pub mod origin;
pub mod serve;
pub mod ws;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, routing::get};

use self::{client::Trust, origin::Origins};
use crate::{session, shutdown::Tasks};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Http {
    /// What sessions share.
    pub sessions: Arc<session::Shared>,
    /// Whose pages may open a socket.
    pub origins: Arc<Origins>,
    /// Which proxies are believed.
    pub trust: Arc<Trust>,
    /// Whether the classic dialect is served.
    pub classic: bool,
    /// Where sessions run.
    pub tasks: Tasks,
    /// The node is leaving.
    pub leaving: Arc<AtomicBool>,
}

impl Http {
    /// Whether the node is leaving: not ready, no new upgrades.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }
}

/// All routes.
pub fn router(http: Http) -> Router {
    Router::new()
        .route("/", get(ws::root))
        .route("/ws", get(ws::upgrade))
        .route("/r/{*room}", get(assets::page))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(assets::asset)
        .with_state(http)
}
