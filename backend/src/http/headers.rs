//! Headers on every response, errors included.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, X_CONTENT_TYPE_OPTIONS},
    },
    response::Response,
};

/// When a refused client may try again, in seconds.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("10");

/// For [`axum::middleware::map_response`].
pub(super) async fn on_every_response(mut response: Response) -> Response {
    complete(&mut response);
    response
}

/// Adds what is missing: no guessing of content types, and when to come back where that helps.
pub(super) fn complete(response: &mut Response) {
    let comes_back =
        matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if comes_back && !headers.contains_key(RETRY_AFTER) {
        headers.insert(RETRY_AFTER, RETRY_SECONDS);
    }
}
