//! One WebSocket connection to a node, in either dialect. Frames are those of `shared`; nothing is retried or kept.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, Stream, StreamExt};
use shared::{
    SUBPROTOCOL,
    command::{self, Command, Request},
    event::{Reply, ServerFrame, Welcome},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// Longest wait for connecting, writing and closing; a reply may take twice as long.
const PATIENCE: Duration = Duration::from_secs(5);

/// How to connect.
#[derive(Debug, Clone, Copy)]
pub struct ConnectOptions<'a> {
    /// `/ws` or `/`.
    pub path: &'a str,
    /// The subprotocol to ask for; none is the classic dialect.
    pub subprotocol: Option<&'static str>,
    /// One more header of the upgrade: name and value.
    pub header: Option<(&'static str, &'a str)>,
    /// Bytes of the socket's receive buffer, where the system's default is too large.
    pub receive_buffer: Option<u32>,
}

impl ConnectOptions<'_> {
    /// For hubbub.v1.
    pub const V1: Self =
        Self { path: "/ws", subprotocol: Some(SUBPROTOCOL), header: None, receive_buffer: None };
    /// For the classic dialect.
    pub const CLASSIC: Self = Self { path: "/", subprotocol: None, header: None, receive_buffer: None };
}

/// What a connection brings next.
#[derive(Debug)]
pub enum Received<T> {
    /// A frame.
    Frame(T),
    /// The end, with the close code if there was one.
    Closed(Option<u16>),
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    socket: WebSocketStream<TcpStream>,
}

impl Connection {
    /// Connects for hubbub.v1. Does not say hello.
    pub async fn v1(address: SocketAddr) -> Result<Self> {
        Self::open(address, ConnectOptions::V1).await
    }

    /// Connects for the classic dialect.
    pub async fn classic(address: SocketAddr) -> Result<Self> {
        Self::open(address, ConnectOptions::CLASSIC).await
    }

    /// Connects. [`refusal`] tells the HTTP status if the node refuses the upgrade.
    pub async fn open(address: SocketAddr, options: ConnectOptions<'_>) -> Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(bytes) = options.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = timeout(PATIENCE, socket.connect(address)).await??;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}{}", options.path).into_client_request()?;
        let subprotocol = options.subprotocol.map(|name| ("sec-websocket-protocol", name));
        for (name, value) in [subprotocol, options.header].into_iter().flatten() {
            request.headers_mut().insert(name, HeaderValue::from_str(value)?);
        }
        let (socket, _) = timeout(PATIENCE, client_async(request, stream)).await??;
        Ok(Self { socket })
    }

    /// Sends one command.
    pub async fn send(&mut self, id: u64, command: Command) -> Result<()> {
        self.send_text(Request { id, command }.encode()).await
    }

    /// Sends a text frame as it is.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<()> {
        self.send_message(Message::text(text.into())).await
    }

    /// Sends a binary frame, which no dialect knows.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.send_message(Message::binary(bytes)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<()> {
        Ok(timeout(PATIENCE, self.socket.send(message)).await.context("the node does not read")??)
    }

    /// Waits for a text frame, without a deadline.
    pub async fn receive_text(&mut self) -> Result<Received<String>> {
        receive_text(&mut self.socket).await
    }

    /// Waits for a frame of hubbub.v1, without a deadline.
    pub async fn receive(&mut self) -> Result<Received<Box<ServerFrame>>> {
        receive(&mut self.socket).await
    }

    /// Sends these text frames as fast as the node takes them and receives meanwhile and afterwards, until `enough`
    /// or the end of the connection. Returns the close code in the latter case.
    pub async fn burst(
        &mut self,
        texts: Vec<String>,
        mut enough: impl FnMut(ServerFrame) -> bool,
    ) -> Option<Option<u16>> {
        let (mut out, mut incoming) = (&mut self.socket).split();
        let sending = async {
            for text in texts {
                if out.feed(Message::text(text)).await.is_err() {
                    break;
                }
            }
            // The receiving side learns of an end.
            out.flush().await.ok();
            std::future::pending::<()>().await;
        };
        let receiving = async {
            loop {
                match receive(&mut incoming).await {
                    Ok(Received::Frame(frame)) => {
                        if enough(*frame) {
                            return None;
                        }
                    }
                    Ok(Received::Closed(code)) => return Some(code),
                    Err(_) => return Some(None),
                }
            }
        };
        tokio::select! {
            ended = receiving => ended,
            () = sending => None,
        }
    }

    /// Sends a command and waits for its reply; other frames are dropped.
    pub async fn request(&mut self, id: u64, command: Command) -> Result<Reply> {
        self.send(id, command).await?;
        self.reply_to(id).await
    }

    /// Waits for the reply to a command that was sent; other frames are dropped.
    pub async fn reply_to(&mut self, id: u64) -> Result<Reply> {
        let reply = async {
            loop {
                match self.receive().await? {
                    Received::Frame(frame) => match *frame {
                        ServerFrame::Reply(of, reply) if of == id => return Ok(reply),
                        ServerFrame::Reply(..) | ServerFrame::Event(_) => {}
                    },
                    Received::Closed(code) => bail!("closed ({code:?}) instead of answered"),
                }
            }
        };
        timeout(PATIENCE * 2, reply).await.context("no reply")?
    }

    /// Says hello, as request 1.
    pub async fn hello(&mut self, name: &str, token: Option<String>) -> Result<Welcome> {
        match self.request(1, Command::Hello(command::Hello { name: name.parse()?, token })).await? {
            Reply::Welcome(welcome) => Ok(welcome),
            other => bail!("hello was answered with {other:?}"),
        }
    }

    /// Closes.
    pub async fn close(&mut self) {
        // The node may be gone already.
        timeout(PATIENCE, self.socket.close(None)).await.ok();
    }

    /// Resets the connection in the middle of a frame.
    pub async fn abort(&mut self) -> Result<()> {
        let stream = self.socket.get_mut();
        // A text frame of 256 bytes, masked; most of the mask and all of the bytes are missing.
        stream.write_all(&[0x81, 0xfe, 0x01, 0x00, 0x12]).await?;
        stream.set_zero_linger()?;
        Ok(())
    }
}

/// The HTTP status with which a node refused an upgrade, if that is what the error says.
pub fn refusal(error: &anyhow::Error) -> Option<u16> {
    match error.downcast_ref::<Error>() {
        Some(Error::Http(response)) => Some(response.status().as_u16()),
        _ => None,
    }
}

type Incoming = Result<Message, Error>;

async fn receive(from: &mut (impl Stream<Item = Incoming> + Unpin)) -> Result<Received<Box<ServerFrame>>> {
    Ok(match receive_text(from).await? {
        Received::Frame(text) => Received::Frame(Box::new(ServerFrame::decode(&text)?)),
        Received::Closed(code) => Received::Closed(code),
    })
}

async fn receive_text(from: &mut (impl Stream<Item = Incoming> + Unpin)) -> Result<Received<String>> {
    loop {
        match from.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Received::Frame(text.to_string())),
            Some(Ok(Message::Close(frame))) => {
                return Ok(Received::Closed(frame.map(|frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(Received::Closed(None)),
        }
    }
}
