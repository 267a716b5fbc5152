//! HTTP: the page, the socket, health and metrics. The only part that names axum's socket types.
//!
//! In reading order: [`serve`] (connections and their bounds), [`ws`] (the upgrade), [`origin`] (who may ask for it),
//! [`refused`] (the log of those who may not), [`client`] (who asks), [`health`], [`assets`] (the page), `headers`.

pub mod assets;
pub mod client;
mod headers;
pub mod health;
pub mod origin;
pub mod refused;
pub mod serve;
pub mod ws;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, middleware::map_response, routing::get};

use self::{client::Trust, origin::Origins, refused::Refused};
use crate::{session, shutdown::Tasks};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Http {
    /// What sessions share.
    pub sessions: Arc<session::NodeContext>,
    /// The origins whose pages may open a socket.
    pub origins: Arc<Origins>,
    /// The log of refused origins.
    pub refused: Arc<Refused>,
    /// The trusted proxies.
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

/// What everybody may ask for.
pub fn router(http: Http) -> Router {
    Router::new()
        .route("/", get(ws::root))
        .route("/ws", get(ws::upgrade))
        .route("/r/{*room}", get(assets::page))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(assets::asset)
        .layer(map_response(headers::on_every_response))
        .with_state(http)
}

/// What operators may ask for, on a listener of its own.
pub fn admin_router(http: Http) -> Router {
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready_and_why))
        .route("/metrics", get(health::metrics))
        .fallback(health::nothing)
        .layer(map_response(headers::on_every_response))
        .with_state(http)
}
