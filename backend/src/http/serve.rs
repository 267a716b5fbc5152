//! Connections: accepted, counted, and bounded in everything that a peer can draw out.
//!
//! `axum::serve` installs no timer, so hyper's header deadline would never fire; and it would wait for ever on a
//! peer that sends nothing or reads nothing. Here each connection speaks HTTP/1.1 under these bounds:
//!
//! - a permit, counted per address and in all, until the connection or the socket that it became is gone;
//! - a deadline for each request header, which is also the longest pause between two requests;
//! - a deadline for progress of each response ([`stream`]);
//! - a number of requests and a lifetime, as long as it is not upgraded.

mod refuse;
mod stream;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use hyper::{
    Request,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tower::ServiceExt;

use self::stream::Patient;
use super::{client::Trust, ws::asks_for_socket};
use crate::{
    limits::{Connections, connections::Permit},
    shutdown::Tasks,
};

/// How long to wait when no connection can be accepted, as when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bytes that a request header may have.
pub(crate) const HEADER_BYTES: usize = 16 * 1024;

/// Requests that one connection may bring.
pub(crate) const REQUESTS: u32 = 1000;

/// How long a connection may last that does not become a socket.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// Which connections a listener accepts, and their deadlines.
#[derive(Debug, Clone)]
pub struct Door {
    /// The permits.
    pub connections: Arc<Connections>,
    /// The trusted proxies: they are exempt from the bound per address.
    pub trust: Arc<Trust>,
    /// For a request header, and between two requests.
    pub header_timeout: Duration,
    /// For each step of progress in writing a response.
    pub write_timeout: Duration,
}

/// Accepts connections until the tasks are stopped.
pub async fn serve(listener: TcpListener, router: Router, door: Door, tasks: Tasks) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let address = Some(peer.ip()).filter(|ip| !door.trust.is_proxy(*ip));
                match door.connections.enter(address) {
                    Ok(permit) => tasks.spawn(connection(stream, peer, permit, router.clone(), door.clone())),
                    Err(full) => refuse::refuse(&stream, full),
                }
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, permit: Permit, router: Router, door: Door) {
    if let Err(error) = stream::set_up(&stream) {
        tracing::debug!("{peer}: {error}");
    }
    let permit = Arc::new(permit);
    let stream = Patient::new(stream, permit.clone(), door.write_timeout);
    let requests = AtomicU32::new(0);
    let service = service_fn(|request: Request<Incoming>| {
        let last = requests.fetch_add(1, Ordering::Relaxed) + 1 >= REQUESTS;
        answer(request, peer, permit.clone(), router.clone(), last)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.header_timeout)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(LIFETIME, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("{peer}: {error}"),
        Err(_) => tracing::debug!("{peer}: the connection lasted too long without becoming a socket"),
    }
}

async fn answer(
    mut request: Request<Incoming>,
    peer: SocketAddr,
    permit: Arc<Permit>,
    router: Router,
    last: bool,
) -> Result<Response<Body>, Infallible> {
    let turned_away = permit.is_for_upgrade() && !asks_for_socket(request.headers());
    let mut response = if turned_away {
        refuse::busy()
    } else {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(permit);
        router.oneshot(request).await?
    };
    if last || turned_away {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
