//! A TCP proxy that can be cut, silenced and slowed, and that can lead subscribers to another server.

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

/// Small, so that a silent proxy soon fills what stands behind it.
const BUFFER: u32 = 64 * 1024;

type Weathers = watch::Receiver<Weather>;
type Aside = watch::Receiver<Option<u16>>;

/// What the proxy does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Passes them on.
    Clear,
    /// Passes each piece on after this long.
    Slow(Duration),
    /// Holds them back; nobody is told. Connections can be opened and stay silent, too.
    Silent,
    /// Ends every connection and every new one at once.
    Cut,
}

/// A proxy on a free port of 127.0.0.1; gone when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    aside: watch::Sender<Option<u16>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts to pass connections on to a port of this machine.
    pub async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (weather, seen) = watch::channel(Weather::Clear);
        let (aside, turned) = watch::channel(None);
        let task = tokio::spawn(accept(listener, target, seen, turned));
        Ok(Self { address, weather, aside, task })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes what it does, for all connections.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// From now on, connections that subscribe to something lead to the Redis on this port instead. `None`: no more.
    /// Those that have subscribed stay where they are.
    pub fn turn_aside(&self, port: Option<u16>) {
        self.aside.send_replace(port);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: u16, weather: Weathers, aside: Aside) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { return };
                links.spawn(link(near, target, weather.clone(), aside.clone()));
            }
            Some(_) = links.join_next() => {}
        }
    }
}

async fn link(near: TcpStream, mut target: u16, mut weather: Weathers, aside: Aside) -> io::Result<()> {
    if *weather.borrow() == Weather::Cut {
        return Ok(());
    }
    near.set_nodelay(true)?;
    let (mut near_read, mut near_write) = near.into_split();
    let (mut aside, mut first) = (Some(aside), Vec::new());
    loop {
        let far = TcpSocket::new_v4()?;
        far.set_recv_buffer_size(BUFFER)?;
        let far = far.connect(SocketAddr::from(([127, 0, 0, 1], target))).await?;
        far.set_nodelay(true)?;
        let (mut far_read, mut far_write) = far.into_split();
        far_write.write_all(&first).await?;
        let (up, down) = (weather.clone(), weather.clone());
        let turned = tokio::select! {
            _ = weather.wait_for(|now| *now == Weather::Cut) => None,
            done = pump(&mut near_read, &mut far_write, up, aside.as_ref()) => done?,
            done = pump(&mut far_read, &mut near_write, down, None) => done?,
        };
        let Some((port, piece)) = turned else { return Ok(()) };
        (target, first, aside) = (port, piece, None);
    }
}

/// Ends with where to go on and with what, if this connection is to be turned aside.
async fn pump(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut weather: Weathers,
    aside: Option<&Aside>,
) -> io::Result<Option<(u16, Vec<u8>)>> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(None);
        }
        if subscribes(&piece[..length])
            && let Some(port) = aside.and_then(|aside| *aside.borrow())
        {
            piece.truncate(length);
            return Ok(Some((port, piece)));
        }
        let now = *weather.borrow_and_update();
        match now {
            Weather::Clear | Weather::Cut => {}
            Weather::Slow(pause) => tokio::time::sleep(pause).await,
            Weather::Silent => {
                let after = weather.wait_for(|now| *now != Weather::Silent).await.map(|now| *now);
                // What was held back when the connection is cut never arrives.
                if !after.is_ok_and(|now| now != Weather::Cut) {
                    return Ok(None);
                }
            }
        }
        to.write_all(&piece[..length]).await?;
    }
}

/// Whether this is a SUBSCRIBE. Whoever says one has been answered all that it said before.
fn subscribes(piece: &[u8]) -> bool {
    let mut lines = piece.split(|byte| *byte == b'\n');
    lines.next().is_some_and(|count| count.starts_with(b"*"))
        && lines.nth(1).is_some_and(|word| word.trim_ascii_end().eq_ignore_ascii_case(b"SUBSCRIBE"))
}
