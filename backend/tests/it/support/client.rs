//! Clients of both dialects. What a `hubbub.v1` client is told while it waits for a reply is kept in order.

use std::{collections::VecDeque, marker::PhantomData, net::SocketAddr};

use shared::{
    command::{self, Command},
    entry::Message as Said,
    error::{ErrorCode, ProtocolError},
    event::{Event, Joined, Reply, ServerFrame, Welcome},
    text::{Body, Nonce, Position, Room},
};
use testkit::{ConnectOptions, Connection, Received};

use super::wait::within;

/// Speaks `hubbub.v1`.
pub(crate) struct V1;
/// Speaks the classic protocol.
pub(crate) struct Classic;

/// A connection whose trouble fails the test.
pub(crate) struct Client<D> {
    pub(crate) connection: Connection,
    events: VecDeque<Event>,
    request: u64,
    dialect: PhantomData<D>,
}

impl<D> Client<D> {
    async fn open(address: SocketAddr, options: ConnectOptions<'_>) -> anyhow::Result<Self> {
        let connection = within(Connection::open(address, options)).await?;
        Ok(Self { connection, events: VecDeque::new(), request: 0, dialect: PhantomData })
    }

    /// Sends a text as it is.
    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        within(self.connection.send_text(text)).await.unwrap();
    }

    /// The next text frame.
    pub(crate) async fn text(&mut self) -> String {
        match within(self.connection.receive_text()).await.unwrap() {
            Received::Frame(text) => text,
            Received::Closed(code) => panic!("expected a text frame, got a close with {code:?}"),
        }
    }

    /// The code with which the server ends the connection; frames before it are passed over.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match within(self.connection.receive_text()).await {
                Ok(Received::Frame(_)) => {}
                Ok(Received::Closed(code)) => return code,
                Err(_) => return None,
            }
        }
    }
}

impl Client<Classic> {
    pub(crate) async fn connect_classic(address: SocketAddr, path: &str) -> Self {
        Self::open(address, ConnectOptions { path, ..ConnectOptions::CLASSIC }).await.unwrap()
    }

    /// See [`Client::connect_from`].
    pub(crate) async fn connect_classic_from(address: SocketAddr, client: &str) -> Self {
        let header = Some(("x-forwarded-for", client));
        Self::open(address, ConnectOptions { header, ..ConnectOptions::CLASSIC }).await.unwrap()
    }

    /// Subscribes and waits until it counts: an answer to a refused command comes behind it.
    pub(crate) async fn subscribe(&mut self, room: &str) {
        self.say(format!(r#"{{"type":"SUBSCRIBE","room":{room:?}}}"#)).await;
        self.settle().await;
    }

    /// Waits until everything that was said so far has been done.
    pub(crate) async fn settle(&mut self) {
        self.say(r#"{"type":"nothing"}"#).await;
        assert!(self.text().await.contains(r#""code":"unknown_command""#));
    }

    pub(crate) async fn send(&mut self, room: &str, message: &str) {
        self.say(serde_json::json!({"type": "sendMessage", "roomId": room, "message": message}).to_string())
            .await;
    }
}

impl Client<V1> {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address, None).await.unwrap()
    }

    pub(crate) async fn try_connect(address: SocketAddr, origin: Option<&str>) -> anyhow::Result<Self> {
        let header = origin.map(|origin| ("origin", origin));
        Self::open(address, ConnectOptions { header, ..ConnectOptions::V1 }).await
    }

    /// Comes from afar, as the proxy says that a node trusts (`--trusted-proxies 127.0.0.1`).
    pub(crate) async fn connect_from(address: SocketAddr, client: &str) -> Self {
        let header = Some(("x-forwarded-for", client));
        Self::open(address, ConnectOptions { header, ..ConnectOptions::V1 }).await.unwrap()
    }

    async fn frame(&mut self) -> ServerFrame {
        match within(self.connection.receive()).await.unwrap() {
            Received::Frame(frame) => *frame,
            Received::Closed(code) => panic!("expected a frame, got a close with {code:?}"),
        }
    }

    /// Asks and waits for the reply.
    pub(crate) async fn ask(&mut self, command: Command) -> Reply {
        let id = self.tell(command).await;
        self.reply(id).await
    }

    /// Asks without waiting; returns the request id.
    pub(crate) async fn tell(&mut self, command: Command) -> u64 {
        self.request += 1;
        within(self.connection.send(self.request, command)).await.unwrap();
        self.request
    }

    /// The reply to a request; replies to others before it are passed over.
    pub(crate) async fn reply(&mut self, id: u64) -> Reply {
        loop {
            match self.frame().await {
                ServerFrame::Reply(of, reply) if of == id => return reply,
                ServerFrame::Reply(..) => {}
                ServerFrame::Event(event) => self.events.push_back(event),
            }
        }
    }

    /// The next event, presence left out.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            let event = match self.events.pop_front() {
                Some(event) => event,
                None => match self.frame().await {
                    ServerFrame::Event(event) => event,
                    ServerFrame::Reply(..) => continue,
                },
            };
            if !matches!(event, Event::Presence(_)) {
                return event;
            }
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Said {
        match self.event().await {
            Event::Message(happened) => happened.entry.message().unwrap(),
            other => panic!("expected a message, got {other:?}"),
        }
    }

    pub(crate) async fn hello(&mut self, name: &str) -> Welcome {
        self.hello_with(name, None).await
    }

    pub(crate) async fn hello_with(&mut self, name: &str, token: Option<String>) -> Welcome {
        match self.ask(Command::Hello(command::Hello { name: name.parse().unwrap(), token })).await {
            Reply::Welcome(welcome) => welcome,
            other => panic!("expected a welcome, got {other:?}"),
        }
    }

    pub(crate) async fn join(&mut self, room: &str) -> Joined {
        self.join_since(room, None).await
    }

    pub(crate) async fn join_since(&mut self, room: &str, since: Option<Position>) -> Joined {
        match self.ask(Command::Join(command::Join { room: room.parse().unwrap(), since })).await {
            Reply::Joined(joined) => joined,
            other => panic!("expected to have joined, got {other:?}"),
        }
    }

    /// Sends and waits for the ack.
    pub(crate) async fn send(&mut self, room: &str, nonce: &str, body: &str) -> (Position, bool) {
        match self.ask(send(room, nonce, body)).await {
            Reply::Sent(shared::event::Sent { position, duplicate, .. }) => (position, duplicate),
            other => panic!("expected an ack, got {other:?}"),
        }
    }

    /// Asks for something that must be refused.
    pub(crate) async fn refused(&mut self, command: Command) -> ErrorCode {
        match self.ask(command).await {
            Reply::Error(ProtocolError { code, .. }) => code,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

pub(crate) fn send(room: &str, nonce: &str, body: &str) -> Command {
    Command::Send(command::Send {
        room: Room::parse(room).unwrap(),
        nonce: Nonce::parse(nonce).unwrap(),
        body: Body::parse(body).unwrap(),
    })
}
