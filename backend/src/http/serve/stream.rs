//! A TCP stream that fails when its peer does not read.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::limits::connections::Permit;

/// How long the kernel tries to get written bytes to a peer that does not take them, in milliseconds. It goes on after
/// the connection was closed here, and a socket whose peer is gone is known by its missing pong before that.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: u32 = 40_000;

/// Sets what the kernel does with a new connection.
pub(super) fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED)?;
    Ok(())
}

/// A stream on which a write that makes no progress for too long fails, until the connection becomes a socket: the
/// session has deadlines of its own. It holds the permit of the connection for as long as the descriptor lives.
#[derive(Debug)]
pub(super) struct Patient {
    stream: TcpStream,
    permit: Arc<Permit>,
    patience: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    pub(super) fn new(stream: TcpStream, permit: Arc<Permit>, patience: Duration) -> Self {
        Self { stream, permit, patience, waiting: None }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() || self.permit.is_upgraded() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        if waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        // What the kernel still holds for this peer goes with the connection.
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!("cannot drop what was not read: {error}");
        }
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.permit.received(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::limits::connections::{ConnectionLimits, Connections};

    async fn pair(patience: Duration) -> (Patient, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let connections = Connections::new(ConnectionLimits { all: 9, per_address: 9, ipv6_bits: 64 });
        let permit = Arc::new(connections.enter(None).unwrap());
        let stream = listener.accept().await.unwrap().0;
        set_up(&stream).unwrap();
        (Patient::new(stream, permit, patience), client)
    }

    /// More than the kernel takes for a peer that does not read.
    const PLENTY: usize = 64 << 20;

    #[tokio::test]
    async fn a_response_that_nobody_reads_fails() {
        let (mut server, client) = pair(Duration::from_millis(200)).await;
        let plenty = vec![0; PLENTY];
        let writing = tokio::time::timeout(Duration::from_secs(20), server.write_all(&plenty));
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
        drop((server, client));
    }

    #[tokio::test]
    async fn a_slow_reader_is_waited_for_as_long_as_it_reads() {
        let (mut server, mut client) = pair(Duration::from_secs(5)).await;
        let reading = tokio::spawn(async move {
            let mut read = vec![0; 4 << 20];
            let mut all = 0;
            loop {
                match client.read(&mut read).await.unwrap() {
                    0 => return all,
                    some => all += some,
                }
            }
        });
        server.write_all(&vec![0; PLENTY]).await.unwrap();
        server.shutdown().await.unwrap();
        assert_eq!(reading.await.unwrap(), PLENTY);
    }

    #[tokio::test]
    async fn a_socket_has_deadlines_of_its_own() {
        let (mut server, client) = pair(Duration::from_millis(50)).await;
        server.permit.upgrade();
        let plenty = vec![0; PLENTY];
        let writing = tokio::time::timeout(Duration::from_millis(500), server.write_all(&plenty));
        assert!(writing.await.is_err(), "the write ended");
        drop(client);
    }
}
