//! Connections: accepted, given a deadline for their request header, counted.
//!
//! `axum::serve` installs no timer, so hyper's header deadline would never fire; and it would wait for ever on a
//! peer that sends nothing. Here each connection is HTTP/1.1 with both deadlines.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::shutdown::Tasks;

/// How long to wait when no connection can be accepted, as when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bytes that a request header may have.
pub(crate) const HEADER_BYTES: usize = 16 * 1024;

/// Accepts connections until the tasks are stopped.
pub async fn serve(listener: TcpListener, router: Router, header_timeout: Duration, tasks: Tasks) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let router = router.clone();
                tasks.spawn(connection(stream, peer, router, header_timeout));
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, header_timeout: Duration) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{peer}: {error}");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!("{peer}: {error}");
    }
}
