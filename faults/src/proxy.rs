//! A TCP proxy that can delay, stall and cut connections and divert subscribers to another server.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Small, so that a stalled proxy soon fills the sender's buffers.
const BUFFER: u32 = 64 * 1024;

type Modes = watch::Receiver<ProxyMode>;
type Diversion = watch::Receiver<Option<u16>>;

/// What the proxy does with the bytes of all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyMode {
    /// Forwards them.
    Pass,
    /// Forwards each piece after this time.
    Delay(Duration),
    /// Holds them back. New connections are accepted and stay silent, too.
    Stall,
    /// Closes all connections, new ones at once.
    Cut,
}

/// A proxy on a free port of 127.0.0.1; gone when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<ProxyMode>,
    divert: watch::Sender<Option<u16>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts to forward connections to a port of this machine.
    pub async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (mode, seen) = watch::channel(ProxyMode::Pass);
        let (divert, turned) = watch::channel(None);
        let task = tokio::spawn(accept(listener, target, seen, turned));
        Ok(Self { address, mode, divert, task })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes the mode of all connections.
    pub fn set(&self, mode: ProxyMode) {
        self.mode.send_replace(mode);
    }

    /// From now on, connects clients that subscribe to the Redis on this port instead. `None`: to the target again.
    /// Existing subscribers stay where they are.
    pub fn divert_subscribers(&self, port: Option<u16>) {
        self.divert.send_replace(port);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: u16, mode: Modes, divert: Diversion) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { return };
                links.spawn(link(near, target, mode.clone(), divert.clone()));
            }
            Some(_) = links.join_next() => {}
        }
    }
}

async fn link(near: TcpStream, mut target: u16, mut mode: Modes, divert: Diversion) -> io::Result<()> {
    if *mode.borrow() == ProxyMode::Cut {
        return Ok(());
    }
    near.set_nodelay(true)?;
    let (mut near_read, mut near_write) = near.into_split();
    let (mut divert, mut first) = (Some(divert), Vec::new());
    loop {
        let far = TcpSocket::new_v4()?;
        far.set_recv_buffer_size(BUFFER)?;
        let far = far.connect(SocketAddr::from(([127, 0, 0, 1], target))).await?;
        far.set_nodelay(true)?;
        let (mut far_read, mut far_write) = far.into_split();
        far_write.write_all(&first).await?;
        let (up, down) = (mode.clone(), mode.clone());
        let turned = tokio::select! {
            _ = mode.wait_for(|now| *now == ProxyMode::Cut) => None,
            done = pump(&mut near_read, &mut far_write, up, divert.as_ref()) => done?,
            done = pump(&mut far_read, &mut near_write, down, None) => done?,
        };
        let Some((port, piece)) = turned else { return Ok(()) };
        (target, first, divert) = (port, piece, None);
    }
}

/// Copies bytes until the connection ends; returns the port and the first piece if it must be diverted.
async fn pump(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut mode: Modes,
    divert: Option<&Diversion>,
) -> io::Result<Option<(u16, Vec<u8>)>> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(None);
        }
        if subscribes(&piece[..length])
            && let Some(port) = divert.and_then(|divert| *divert.borrow())
        {
            piece.truncate(length);
            return Ok(Some((port, piece)));
        }
        let now = *mode.borrow_and_update();
        match now {
            ProxyMode::Pass | ProxyMode::Cut => {}
            ProxyMode::Delay(pause) => tokio::time::sleep(pause).await,
            ProxyMode::Stall => {
                let after = mode.wait_for(|now| *now != ProxyMode::Stall).await.map(|now| *now);
                // What was held back when the connection is cut never arrives.
                if !after.is_ok_and(|now| now != ProxyMode::Cut) {
                    return Ok(None);
                }
            }
        }
        to.write_all(&piece[..length]).await?;
    }
}

/// Whether this is a SUBSCRIBE. A client that sends one has received all earlier replies.
fn subscribes(piece: &[u8]) -> bool {
    let mut lines = piece.split(|byte| *byte == b'\n');
    lines.next().is_some_and(|count| count.starts_with(b"*"))
        && lines.nth(1).is_some_and(|word| word.trim_ascii_end().eq_ignore_ascii_case(b"SUBSCRIBE"))
}
