//! One WebSocket connection that speaks JSON values. Every wait ends after [`PATIENCE`].

use std::{
    collections::VecDeque,
    io::{ErrorKind, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Map, Value, json};
use tungstenite::{
    Error, HandshakeError, Message, WebSocket,
    client::IntoClientRequest,
    handshake::client::Response,
    http::{HeaderName, HeaderValue},
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::node::Node;

/// Longest wait for anything that the node must do.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The subprotocol of hubbub.v1.
pub const SUBPROTOCOL: &str = "hubbub.v1";

/// A connection. Frames that are passed over while something else is awaited are kept in order.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<TcpStream>,
    kept: VecDeque<Value>,
    next_id: u64,
    /// The answer to the upgrade.
    pub response: Response,
    /// The `welcome` that the last [`Client::hello`] brought.
    pub welcome: Value,
}

impl Client {
    /// Speaks hubbub.v1, on `/ws`.
    pub fn v1(node: &Node) -> Result<Self> {
        let opened = Self::open(node, "/ws", &[("sec-websocket-protocol", SUBPROTOCOL)])?;
        opened.map_err(|status| anyhow!("the upgrade was answered with {status}"))
    }

    /// Speaks the classic dialect.
    pub fn classic(node: &Node, path: &str) -> Result<Self> {
        Self::open(node, path, &[])?.map_err(|status| anyhow!("the upgrade was answered with {status}"))
    }

    /// Asks for an upgrade with further headers; the inner error is the HTTP status of a refusal.
    pub fn open(node: &Node, path: &str, headers: &[(&str, &str)]) -> Result<Result<Self, u16>> {
        let stream = TcpStream::connect_timeout(&node.address, PATIENCE)
            .with_context(|| format!("cannot connect to {}", node.address))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{}{path}", node.authority).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        }
        match tungstenite::client(request, stream) {
            Ok((socket, response)) => {
                let kept = VecDeque::new();
                Ok(Ok(Self { socket, kept, next_id: 1, response, welcome: Value::Null }))
            }
            Err(HandshakeError::Failure(Error::Http(response))) => Ok(Err(response.status().as_u16())),
            Err(error) => Err(error).context("the upgrade failed"),
        }
    }

    /// Sends a text frame as it is.
    pub fn send_text(&mut self, text: &str) -> Result<()> {
        Ok(self.socket.send(Message::text(text))?)
    }

    /// Sends a value as a text frame.
    pub fn send(&mut self, value: &Value) -> Result<()> {
        self.send_text(&value.to_string())
    }

    /// Sends a binary frame.
    pub fn send_binary(&mut self, bytes: &'static [u8]) -> Result<()> {
        Ok(self.socket.send(Message::binary(bytes))?)
    }

    /// Sends bytes below the WebSocket protocol.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.socket.get_mut().write_all(bytes)?)
    }

    /// Sends a WebSocket ping and returns what the pong carries.
    pub fn ping_frame(&mut self, payload: &'static [u8]) -> Result<Vec<u8>> {
        self.socket.send(Message::Ping(payload.into()))?;
        loop {
            match self.socket.read().context("no pong")? {
                Message::Pong(payload) => return Ok(payload.to_vec()),
                Message::Text(text) => self.kept.push_back(serde_json::from_str(&text)?),
                Message::Close(_) => bail!("closed instead of a pong"),
                Message::Ping(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }

    /// The next text frame, byte for byte; frames that were kept are not looked at.
    pub fn text(&mut self) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.socket.read().context("no frame came")?;
            match message {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(frame) => bail!("closed with {:?}", frame.map(|frame| u16::from(frame.code))),
                Message::Binary(_) => bail!("a binary frame came"),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
            ensure!(Instant::now() < deadline, "no frame came within {PATIENCE:?}");
        }
    }

    /// The next frame if it comes within this time and is a text.
    pub fn text_within(&mut self, wait: Duration) -> Result<Option<String>> {
        self.socket.get_ref().set_read_timeout(Some(wait))?;
        let read = self.socket.read();
        self.socket.get_ref().set_read_timeout(Some(PATIENCE))?;
        match read {
            Ok(Message::Text(text)) => Ok(Some(text.to_string())),
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The code with which the node ends the connection.
    pub fn close_code(&mut self) -> Result<Option<u16>> {
        loop {
            match self.socket.read() {
                Ok(Message::Close(frame)) => return Ok(frame.map(|frame| frame.code.into())),
                Ok(_) => {}
                Err(error) => return Err(error).context("the connection was not closed with a code"),
            }
        }
    }

    /// Closes with 1000; returns the code of the answer.
    pub fn close(&mut self) -> Result<Option<u16>> {
        self.socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() }))?;
        self.close_code()
    }

    /// Sends a command without waiting; returns its id.
    pub fn tell(&mut self, kind: &str, fields: Value) -> Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        let mut command = Map::from_iter([("id".to_owned(), id.into()), ("type".to_owned(), kind.into())]);
        let Value::Object(fields) = fields else { bail!("the fields of a command are an object") };
        command.extend(fields);
        self.send(&Value::Object(command))?;
        Ok(id)
    }

    /// The reply to a command; other frames are kept.
    pub fn reply(&mut self, id: u64) -> Result<Value> {
        self.find(|frame| frame["id"] == id).with_context(|| format!("no reply to command {id}"))
    }

    /// Sends a command and returns its reply, which must be of this type.
    pub fn ask(&mut self, kind: &str, fields: Value, wanted: &str) -> Result<Value> {
        let id = self.tell(kind, fields)?;
        let reply = self.reply(id)?;
        ensure!(reply["type"] == wanted, "`{kind}` was answered with {reply} instead of `{wanted}`");
        Ok(reply)
    }

    /// Sends a command that must be refused with this code.
    pub fn refused(&mut self, kind: &str, fields: Value, code: &str) -> Result<()> {
        let error = self.ask(kind, fields, "error")?;
        ensure!(error["code"] == code, "`{kind}` was refused with {error} instead of `{code}`");
        ensure!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error} has no message");
        Ok(())
    }

    /// The next event of this type; other frames are kept.
    pub fn event(&mut self, kind: &str) -> Result<Value> {
        self.find(|frame| frame.get("id").is_none() && frame["type"] == kind)
            .with_context(|| format!("no `{kind}` event"))
    }

    /// The next `message` event in a room.
    pub fn message(&mut self, room: &str) -> Result<Value> {
        self.find(|frame| frame["type"] == "message" && frame["room"] == room)
            .with_context(|| format!("no `message` event in {room}"))
    }

    /// The `message` event with this body in a room. A node answers `sent` before or after it delivers the message;
    /// whoever waits for the event knows that a `join` on this node shows it.
    pub fn hear(&mut self, room: &str, body: &str) -> Result<Value> {
        self.find(|frame| frame["type"] == "message" && frame["room"] == room && frame["body"] == body)
            .with_context(|| format!("{body:?} did not arrive in {room}"))
    }

    /// The first frame for which this holds, kept or new.
    pub fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at).context("it is there");
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let text = self.text()?;
            let frame: Value = serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))?;
            if wanted(&frame) {
                return Ok(frame);
            }
            self.kept.push_back(frame);
        }
        bail!("not within {PATIENCE:?}; instead came {:?}", self.kept)
    }

    /// Whether such a frame was passed over.
    pub fn kept(&self, wanted: impl Fn(&Value) -> bool) -> bool {
        self.kept.iter().any(wanted)
    }

    /// Says hello as a new guest.
    pub fn hello(&mut self, name: &str) -> Result<Value> {
        self.welcome = self.ask("hello", json!({"name": name}), "welcome")?;
        Ok(self.welcome.clone())
    }

    /// Says hello with a token.
    pub fn hello_with(&mut self, name: &str, token: &Value) -> Result<Value> {
        self.welcome = self.ask("hello", json!({"name": name, "token": token}), "welcome")?;
        Ok(self.welcome.clone())
    }

    /// Joins a room.
    pub fn join(&mut self, room: &str) -> Result<Value> {
        self.ask("join", json!({"room": room}), "joined")
    }

    /// Sends a message under a nonce of its own and returns the `sent` reply.
    pub fn say(&mut self, room: &str, body: &str) -> Result<Value> {
        self.ask("send", json!({"room": room, "nonce": nonce(), "body": body}), "sent")
    }

    /// A round trip: everything that the node did for this connection before has been done.
    pub fn settle(&mut self) -> Result<()> {
        self.ask("ping", json!({}), "pong").map(drop)
    }
}

/// A nonce that nobody else uses.
pub fn nonce() -> String {
    format!("{:016x}", fastrand::u64(..))
}
