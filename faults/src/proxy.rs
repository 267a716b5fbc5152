//! A TCP proxy that can be cut, silenced and slowed.

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
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts to pass connections on to a port of this machine.
    pub async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (weather, seen) = watch::channel(Weather::Clear);
        let task = tokio::spawn(accept(listener, target, seen));
        Ok(Self { address, weather, task })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes what it does, for all connections.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: u16, weather: watch::Receiver<Weather>) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { return };
                links.spawn(link(near, target, weather.clone()));
            }
            Some(_) = links.join_next() => {}
        }
    }
}

async fn link(near: TcpStream, target: u16, mut weather: watch::Receiver<Weather>) -> io::Result<()> {
    if *weather.borrow() == Weather::Cut {
        return Ok(());
    }
    let far = TcpSocket::new_v4()?;
    far.set_recv_buffer_size(BUFFER)?;
    let far = far.connect(SocketAddr::from(([127, 0, 0, 1], target))).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let (up, down) = (weather.clone(), weather.clone());
    tokio::select! {
        _ = weather.wait_for(|now| *now == Weather::Cut) => Ok(()),
        done = pump(near_read, far_write, up) => done,
        done = pump(far_read, near_write, down) => done,
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let now = *weather.borrow_and_update();
        match now {
            Weather::Clear | Weather::Cut => {}
            Weather::Slow(pause) => tokio::time::sleep(pause).await,
            Weather::Silent => {
                if weather.wait_for(|now| *now != Weather::Silent).await.is_err() {
                    return Ok(());
                }
            }
        }
        to.write_all(&piece[..length]).await?;
    }
}
