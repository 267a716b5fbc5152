//! The upgrade: who may have one, which dialect it is, and the socket behind the session's own types.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::{
        ConnectInfo, FromRequestParts, Request, State,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::{
        HeaderMap, StatusCode,
        header::{ORIGIN, UPGRADE},
    },
    response::{IntoResponse, Response},
};
use futures_util::{Sink, SinkExt, Stream, StreamExt, future::ready};
use shared::{SUBPROTOCOL, close::CloseReason, limits};
use tungstenite::error::{CapacityError, Error};

use super::{Http, assets};
use crate::{
    limits::connections::Permit,
    peer::Dialect,
    session::{
        self,
        wire::{Incoming, Outgoing},
    },
};

/// Per-socket read buffer: allocated at once and kept, so it is what an idle connection costs.
const READ_BUFFER: usize = 512;

/// Bytes gathered before a write reaches the socket.
const WRITE_BUFFER: usize = 16 * 1024;

/// Bytes that may come without a whole message: a message of the greatest length in small fragments, and more.
pub(crate) const UNFINISHED: usize = 4 * limits::FRAME_BYTES;

/// `/`: the socket where an upgrade to WebSocket is asked for, else the page. Other upgrades are offers that a server
/// may ignore (RFC 9110 §7.8), as curl makes one for HTTP/2.
pub async fn root(State(http): State<Http>, request: Request) -> Response {
    if !asks_for_socket(request.headers()) {
        return assets::page(State(http), request).await;
    }
    upgrade(State(http), request).await
}

/// Whether a request asks for an upgrade to WebSocket.
pub(super) fn asks_for_socket(headers: &HeaderMap) -> bool {
    let values = headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// `/ws`: the socket.
pub async fn upgrade(State(http): State<Http>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |info| info.0);
    if let Some(refusal) = refuse(&http, peer, &parts.headers) {
        http.sessions.metrics.upgrades_refused.inc();
        return refusal;
    }
    let address = http.trust.address(peer, &parts.headers);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.protocols([SUBPROTOCOL]),
        Err(rejection) => return rejection.into_response(),
    };
    let dialect =
        match (upgrade.selected_protocol().is_some(), parts.headers.contains_key("sec-websocket-protocol")) {
            (true, _) => Dialect::V1,
            (false, false) if http.classic => Dialect::Classic,
            (false, false) => {
                return (StatusCode::FORBIDDEN, "the classic dialect is switched off (--classic)\n")
                    .into_response();
            }
            (false, true) => {
                return (StatusCode::BAD_REQUEST, format!("the only subprotocol is {SUBPROTOCOL}\n"))
                    .into_response();
            }
        };
    let connection = parts.extensions.remove::<Arc<Permit>>();
    let Some(permit) = http.sessions.addresses.enter(address) else {
        http.sessions.metrics.upgrades_refused.inc();
        return (StatusCode::TOO_MANY_REQUESTS, "too many connections from this address\n").into_response();
    };
    let (shared, tasks) = (http.sessions.clone(), http.tasks.clone());
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER + 2 * limits::FRAME_BYTES + shared.settings.outbox_bytes)
        .max_message_size(limits::FRAME_BYTES)
        .max_frame_size(limits::FRAME_BYTES)
        .on_upgrade(move |socket| {
            if let Some(connection) = &connection {
                connection.upgrade();
            }
            tasks.spawn_to_end(async move {
                let reason =
                    session::run(Socket { socket: Box::new(socket), connection }, dialect, address, shared)
                        .await;
                tracing::debug!("{address}: {dialect:?} session ended: {reason:?}");
                drop(permit);
            });
            ready(())
        })
}

fn refuse(http: &Http, peer: SocketAddr, headers: &HeaderMap) -> Option<Response> {
    if http.is_leaving() {
        return Some((StatusCode::SERVICE_UNAVAILABLE, "this node is leaving\n").into_response());
    }
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let (host, https) = (http.trust.host(peer, headers), http.trust.https(peer, headers));
    if http.origins.allows(origin, host, https) {
        return None;
    }
    http.refused.log(origin.unwrap_or_default(), host);
    Some((StatusCode::FORBIDDEN, "this origin may not open a socket here\n").into_response())
}

/// The socket as the session's stream and sink. Boxed: it is moved through several futures, each of which would
/// keep room for it in every idle connection.
struct Socket {
    socket: Box<WebSocket>,
    connection: Option<Arc<Permit>>,
}

impl Socket {
    /// What became of a read. A peer that sends fragments without end never finishes a message that could be counted.
    fn watch<T>(&self, read: &Poll<T>) -> Result<(), CloseReason> {
        let Some(connection) = &self.connection else { return Ok(()) };
        match read {
            Poll::Ready(_) => connection.finished(),
            Poll::Pending if connection.unfinished() > UNFINISHED => return Err(CloseReason::Flooding),
            Poll::Pending => {}
        }
        Ok(())
    }
}

impl Stream for Socket {
    type Item = Result<Incoming, CloseReason>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let read = self.socket.poll_next_unpin(cx);
        if let Err(reason) = self.watch(&read) {
            return Poll::Ready(Some(Err(reason)));
        }
        read.map(|message| {
            message.map(|message| match message {
                Ok(Message::Text(text)) => Ok(Incoming::Text(text.into())),
                Ok(Message::Binary(_)) => Ok(Incoming::Binary),
                Ok(Message::Ping(_) | Message::Pong(_)) => Ok(Incoming::Pong),
                Ok(Message::Close(_)) => Ok(Incoming::Closed),
                Err(error) => Err(reason(error)),
            })
        })
    }
}

impl Sink<Outgoing> for Socket {
    type Error = CloseReason;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        self.socket.poll_ready_unpin(cx).map_err(reason)
    }

    fn start_send(mut self: Pin<&mut Self>, outgoing: Outgoing) -> Result<(), CloseReason> {
        self.socket.start_send_unpin(message(outgoing)?).map_err(reason)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        self.socket.poll_flush_unpin(cx).map_err(reason)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        self.socket.poll_close_unpin(cx).map_err(reason)
    }
}

fn message(outgoing: Outgoing) -> Result<Message, CloseReason> {
    Ok(match outgoing {
        Outgoing::Text(frame) => {
            Message::Text(Utf8Bytes::try_from(frame).map_err(|_| CloseReason::Internal)?)
        }
        Outgoing::Ping => Message::Ping(bytes::Bytes::new()),
        Outgoing::Close(reason) => Message::Close(Some(CloseFrame {
            code: reason.code(),
            reason: Utf8Bytes::from_static(reason.text()),
        })),
    })
}

fn reason(error: axum::Error) -> CloseReason {
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(CapacityError::MessageTooLong { .. })) => CloseReason::TooBig,
        Some(Error::Utf8(_)) => CloseReason::InvalidText,
        Some(Error::Protocol(_)) => CloseReason::ProtocolError,
        // The connection is gone; nobody will read the code.
        _ => CloseReason::Normal,
    }
}
