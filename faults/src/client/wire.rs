//! One connection: commands out, frames in.

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
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

const PATIENCE: Duration = Duration::from_secs(5);

/// A `hubbub.v1` connection.
#[derive(Debug)]
pub struct Wire {
    socket: WebSocketStream<TcpStream>,
}

/// What a connection brings.
#[derive(Debug)]
pub enum Heard {
    /// A frame.
    Frame(Box<ServerFrame>),
    /// The end, with the close code if there was one.
    Closed(Option<u16>),
}

impl Wire {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        Self::over(TcpSocket::new_v4()?, address).await
    }

    /// Connects with a receive buffer of so many bytes.
    pub async fn narrow(address: SocketAddr, bytes: u32) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(bytes)?;
        Self::over(socket, address).await
    }

    async fn over(socket: TcpSocket, address: SocketAddr) -> Result<Self> {
        let stream = timeout(PATIENCE, socket.connect(address)).await??;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (socket, _) = timeout(PATIENCE, client_async(request, stream)).await??;
        Ok(Self { socket })
    }

    /// Says one command.
    pub async fn say(&mut self, id: u64, command: Command) -> Result<()> {
        self.say_text(Request { id, command }.encode()).await
    }

    /// Says one text frame.
    pub async fn say_text(&mut self, text: String) -> Result<()> {
        Ok(timeout(PATIENCE, self.socket.send(Message::text(text)))
            .await
            .context("the server does not read")??)
    }

    /// Waits for one frame.
    pub async fn hear(&mut self) -> Result<Heard> {
        hear(&mut self.socket).await
    }

    /// Says all of these text frames as fast as they are taken, and hears meanwhile and afterwards, until somebody has
    /// had enough or the connection ends. Answers the close code in the latter case.
    pub async fn burst(
        &mut self,
        texts: Vec<String>,
        mut enough: impl FnMut(ServerFrame) -> bool,
    ) -> Option<Option<u16>> {
        let (mut out, mut incoming) = (&mut self.socket).split();
        let saying = async {
            for text in texts {
                if out.feed(Message::text(text)).await.is_err() {
                    break;
                }
            }
            // An end is heard of.
            out.flush().await.ok();
            std::future::pending::<()>().await;
        };
        let hearing = async {
            loop {
                match hear(&mut incoming).await {
                    Ok(Heard::Frame(frame)) => {
                        if enough(*frame) {
                            return None;
                        }
                    }
                    Ok(Heard::Closed(code)) => return Some(code),
                    Err(_) => return Some(None),
                }
            }
        };
        tokio::select! {
            ended = hearing => ended,
            () = saying => None,
        }
    }

    /// Asks and waits for the reply; events in between are passed over.
    pub async fn ask(&mut self, id: u64, command: Command) -> Result<Reply> {
        self.say(id, command).await?;
        self.answer_to(id).await
    }

    /// Waits for the reply to something that was said already; events in between are passed over.
    pub async fn answer_to(&mut self, id: u64) -> Result<Reply> {
        let answer = async {
            loop {
                match self.hear().await? {
                    Heard::Frame(frame) => match *frame {
                        ServerFrame::Reply(of, reply) if of == id => return Ok(reply),
                        ServerFrame::Reply(..) | ServerFrame::Event(_) => {}
                    },
                    Heard::Closed(code) => bail!("closed ({code:?}) instead of answered"),
                }
            }
        };
        timeout(PATIENCE * 2, answer).await.context("no answer")?
    }

    /// Says hello and waits for the welcome.
    pub async fn greet(&mut self, name: &str, token: Option<String>) -> Result<Welcome> {
        match self.ask(1, Command::Hello(command::Hello { name: name.parse()?, token })).await? {
            Reply::Welcome(welcome) => Ok(welcome),
            other => bail!("hello was answered with {other:?}"),
        }
    }

    /// Closes.
    pub async fn close(&mut self) {
        // The other side may be gone already.
        timeout(PATIENCE, self.socket.close(None)).await.ok();
    }

    /// Resets the connection in the middle of a frame.
    pub async fn tear(&mut self) -> Result<()> {
        let stream = self.socket.get_mut();
        // A text frame of 256 bytes, masked, of which the mask and the bytes never come.
        stream.write_all(&[0x81, 0xfe, 0x01, 0x00, 0x12]).await?;
        stream.set_zero_linger()?;
        Ok(())
    }
}

async fn hear(from: &mut (impl Stream<Item = Result<Message, Error>> + Unpin)) -> Result<Heard> {
    loop {
        match from.next().await {
            Some(Ok(Message::Text(text))) => {
                return Ok(Heard::Frame(Box::new(ServerFrame::decode(&text)?)));
            }
            Some(Ok(Message::Close(frame))) => {
                return Ok(Heard::Closed(frame.map(|frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(Heard::Closed(None)),
        }
    }
}

/// Says what it is given as the person of this token, and does not wait for answers.
pub(crate) async fn repeat(
    address: SocketAddr,
    name: String,
    token: String,
    mut commands: mpsc::Receiver<Command>,
) -> Result<()> {
    let mut wire = Wire::connect(address).await?;
    wire.greet(&name, Some(token)).await?;
    let mut request = 1;
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some(command) = command else { return Ok(()) };
                request += 1;
                wire.say(request, command).await?;
            }
            heard = wire.hear() => if let Heard::Closed(_) = heard? { return Ok(()) },
        }
    }
}
