//! The page and its files, embedded in the binary and compressed when it was built.
//!
//! - [`table`]: the files. - [`negotiate`]: which encoding a client gets. - [`policy`]: what a browser may do with them.

mod negotiate;
mod policy;
mod table;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use self::negotiate::Encoding;
use self::table::File;
use super::Http;

/// A name with a hash never changes its content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Cached, but revalidated each time; the answer is mostly 304.
const ASK: &str = "no-cache";

/// The page of a binary without a page.
const MISSING: &str = include_str!("assets/missing.html");

/// Whether this binary has a page.
pub fn built() -> bool {
    !table::FILES.is_empty()
}

/// `/` without an upgrade, and `/r/…`: the page, whatever the room.
pub async fn page(State(http): State<Http>, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let peer = peer.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
    let host = http.trust.host(peer, request.headers());
    let mut response = page_of(table::FILES, request.method(), request.headers());
    policy::for_page(response.headers_mut(), table::SCRIPTS, host, http.origins.public_url.as_deref());
    response
}

/// Everything else: a file of the page, or 404.
pub async fn asset(request: Request) -> Response {
    asset_of(table::FILES, request.method(), request.uri().path(), request.headers())
}

fn page_of(files: &'static [File], method: &Method, headers: &HeaderMap) -> Response {
    match table::find(files, "index.html") {
        Some(page) => serve(page, method, headers),
        None if is_read(method) => {
            let kind = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
            (StatusCode::SERVICE_UNAVAILABLE, kind, MISSING).into_response()
        }
        None => not_allowed(),
    }
}

fn asset_of(files: &'static [File], method: &Method, path: &str, headers: &HeaderMap) -> Response {
    // The page itself has its own addresses.
    let name = path.strip_prefix('/').filter(|name| *name != "index.html");
    let mut response = match name.and_then(|name| table::find(files, name)) {
        Some(file) => serve(file, method, headers),
        None => {
            (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")], "there is nothing here\n").into_response()
        }
    };
    policy::for_file(response.headers_mut());
    response
}

fn serve(file: &'static File, method: &Method, request: &HeaderMap) -> Response {
    if !is_read(method) {
        return not_allowed();
    }
    let (encoding, bytes) = negotiate::choose(file, &request.get_all(ACCEPT_ENCODING));
    // Each encoding is a representation of its own (RFC 9110 §8.8.3).
    let tag = format!("\"{}{}\"", file.tag, encoding.tag());
    let unchanged = request.get_all(IF_NONE_MATCH).iter().any(|known| matches(known, &tag));
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let mut set =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(CACHE_CONTROL, if file.hashed { FOREVER } else { ASK });
    if file.brotli.is_some() || file.gzip.is_some() {
        set(VARY, "accept-encoding");
    }
    if !unchanged {
        set(CONTENT_TYPE, file.kind);
        if let Some(name) = encoding.name() {
            set(CONTENT_ENCODING, name);
        }
        headers.insert(CONTENT_LENGTH, bytes.len().into());
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if method == Method::GET {
        *response.body_mut() = Body::from(Bytes::from_static(bytes));
    }
    response
}

/// Weak comparison, as If-None-Match wants it (RFC 9110 §13.1.2).
fn matches(known: &HeaderValue, tag: &str) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], "only GET and HEAD\n").into_response()
}

impl Encoding {
    /// What sets the tags of the encodings of one file apart.
    fn tag(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Brotli => "-br",
            Self::Gzip => "-gz",
        }
    }
}
