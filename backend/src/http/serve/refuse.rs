//! The answer to connections that are too many. It costs no task and no buffer.

use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::net::TcpStream;

use crate::{http::headers, limits::connections::Full};

const ADDRESS: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 39\r\n\r\n\
    too many connections from this address\n";

const NODE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 35\r\n\r\n\
    this node has too many connections\n";

/// Answers a new connection as well as it can be without waiting, and leaves it.
pub(super) fn refuse(stream: &TcpStream, full: Full) {
    let (answer, why) = match full {
        Full::Address => (ADDRESS, "its address has too many"),
        Full::Node => (NODE, "there are too many"),
    };
    // The buffer of a new connection takes this at once; a peer that is gone already needs no answer.
    let written = stream.try_write(answer);
    tracing::debug!("refused a connection, {why}: {written:?}");
}

/// What a request is told that came over a connection kept for sockets.
pub(super) fn busy() -> Response<Body> {
    let mut response =
        (StatusCode::SERVICE_UNAVAILABLE, "this node has connections for sockets alone left\n")
            .into_response();
    headers::complete(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_are_right() {
        for answer in [ADDRESS, NODE] {
            let answer = std::str::from_utf8(answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{} {answer}", body.len());
        }
    }
}
