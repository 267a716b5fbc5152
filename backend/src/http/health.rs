//! For those who run the node: is it alive, is it ready, what does it count.

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::Http;

/// The process answers. Says nothing of the broker: restarting a node does not mend Redis.
pub async fn live() -> &'static str {
    "alive\n"
}

/// For load balancers, on the port for everybody: 200 while the node is [ready](ready_and_why), else 503. The reason
/// can name hosts and is for operators.
pub async fn ready(State(http): State<Http>) -> Response {
    match readiness(&http) {
        Ok(_) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}

/// For operators: 200 while messages travel through the broker and back to this node, else 503 with the reason.
pub async fn ready_and_why(State(http): State<Http>) -> Response {
    match readiness(&http) {
        Ok(words) => words.into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}

/// 404 for whatever else operators ask for.
pub async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "there are /livez, /readyz and /metrics\n").into_response()
}

fn readiness(http: &Http) -> Result<String, String> {
    let health = http.sessions.broker.core.health().borrow().clone();
    if http.is_leaving() {
        return Err("leaving".to_owned());
    }
    if !health.ready {
        return Err(health.reason.as_deref().unwrap_or("the broker has not answered yet").to_owned());
    }
    let round_trip = health.round_trip.unwrap_or_default().as_secs_f64() * 1000.0;
    Ok(format!("ready\nround trip: {round_trip:.1} ms\nan ack means: {}\n", health.durability))
}

/// All instruments in Prometheus text.
pub async fn metrics(State(http): State<Http>) -> Response {
    let metrics = &http.sessions.metrics;
    let hub = &http.sessions.hub;
    let health = http.sessions.broker.core.health().borrow().clone();
    let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    metrics.sessions.set(gauge(hub.sessions().count()));
    metrics.rooms.set(gauge(hub.rooms()));
    metrics.outbox_bytes.set(gauge(hub.sessions().waiting_bytes()));
    metrics.ring_bytes.set(gauge(hub.ring_bytes()));
    metrics.lane_drops.set(i64::try_from(http.sessions.broker.lanes.dropped()).unwrap_or(i64::MAX));
    metrics
        .probe_us
        .set(health.round_trip.map_or(0, |trip| i64::try_from(trip.as_micros()).unwrap_or(i64::MAX)));
    metrics.ready.set(i64::from(health.ready && !http.is_leaving()));
    match metrics.render() {
        Ok(text) => ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
