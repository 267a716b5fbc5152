//! The only file that touches the browser's WebSocket. It runs the effects of the [`Machine`] and feeds it inputs.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    rc::{Rc, Weak},
    task::Poll,
};

use futures_util::{SinkExt as _, StreamExt as _};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use gloo_timers::callback::Timeout;
use shared::{
    SUBPROTOCOL,
    command::{Command, Request},
    event::{Reply, ServerFrame},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    handler::Handler,
    machine::{Effect, Input, Machine, Status},
};
use crate::browser::{clock, random};

/// The code for a connection that ended without one (RFC 6455 §7.1.5).
const ABNORMAL: u16 = 1006;

type Socket = Rc<RefCell<WebSocket>>;

/// The connection to a node; cheap to clone.
#[derive(Clone)]
pub struct Connection(Rc<Inner>);

struct Inner {
    url: String,
    handler: Rc<dyn Handler>,
    machine: RefCell<Machine>,
    status: Cell<Status>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Option<(u64, Timeout)>>,
    last_id: Cell<u64>,
    hello: Cell<Option<u64>>,
}

impl Connection {
    /// A connection to a WebSocket address. It does nothing before its first input.
    pub fn new(url: String, handler: Rc<dyn Handler>) -> Self {
        Self(Rc::new(Inner {
            url,
            handler,
            machine: RefCell::default(),
            status: Cell::default(),
            socket: RefCell::default(),
            timer: RefCell::default(),
            last_id: Cell::default(),
            hello: Cell::default(),
        }))
    }

    /// Feeds the machine an input. Calls the handler before it returns.
    pub fn feed(&self, input: Input) {
        let inner = &self.0;
        let effects = inner.machine.borrow_mut().step(input, clock::steady_ms(), random::unit());
        for effect in effects {
            self.run(effect);
        }
        let status = inner.machine.borrow().status();
        if inner.status.replace(status) != status {
            inner.handler.status(status);
        }
    }

    /// Sends a command if the connection is live. Returns the id of its reply.
    pub fn ask(&self, command: Command) -> Option<u64> {
        (self.0.status.get() == Status::Live).then(|| self.send(command))
    }

    fn run(&self, effect: Effect) {
        match effect {
            Effect::Connect => self.connect(),
            Effect::Hello => {
                if let Some(hello) = self.0.handler.hello() {
                    self.0.hello.set(Some(self.send(hello)));
                }
            }
            Effect::Ping => drop(self.send(Command::Ping)),
            Effect::Drop => drop(self.0.socket.take()),
            Effect::RoundTrip(ms) => self.0.handler.round_trip(ms),
            Effect::WakeAt(at) => self.wake_at(at),
        }
    }

    fn send(&self, command: Command) -> u64 {
        let id = self.0.last_id.get() + 1;
        self.0.last_id.set(id);
        if let Some(socket) = &*self.0.socket.borrow() {
            // A socket that can no longer send reports its end soon.
            drop(socket.borrow_mut().start_send_unpin(Message::Text(Request { id, command }.encode())));
        }
        id
    }

    fn wake_at(&self, at: u64) {
        let mut timer = self.0.timer.borrow_mut();
        if timer.as_ref().is_some_and(|(before, _)| *before == at) {
            return;
        }
        let wait = u32::try_from(at.saturating_sub(clock::steady_ms())).unwrap_or(u32::MAX);
        let weak = Rc::downgrade(&self.0);
        let tick = move || {
            spawn_local(async move {
                if let Some(inner) = weak.upgrade() {
                    inner.timer.take();
                    Self(inner).feed(Input::Tick);
                }
            });
        };
        *timer = Some((at, Timeout::new(wait, tick)));
    }

    fn connect(&self) {
        if let Ok(socket) = WebSocket::open_with_protocol(&self.0.url, SUBPROTOCOL) {
            let socket = Rc::new(RefCell::new(socket));
            spawn_local(read(Rc::downgrade(&self.0), Rc::downgrade(&socket)));
            self.0.socket.replace(Some(socket));
        } else {
            let connection = self.clone();
            spawn_local(async move { connection.feed(Input::Closed(ABNORMAL)) });
        }
    }

    fn frame(&self, text: &str) {
        // Only a server newer than this page sends frames that this page cannot read.
        let Ok(frame) = ServerFrame::decode(text) else { return self.feed(Input::Frame) };
        match &frame {
            ServerFrame::Reply(_, Reply::Pong) => return self.feed(Input::Pong),
            ServerFrame::Reply(_, Reply::Welcome(_)) => self.feed(Input::Welcome),
            ServerFrame::Reply(id, Reply::Error(_)) if self.0.hello.get() == Some(*id) => {
                self.feed(Input::Refused);
            }
            ServerFrame::Reply(..) | ServerFrame::Event(_) => self.feed(Input::Frame),
        }
        self.0.handler.frame(frame);
    }
}

/// Follows one socket until it ends or is dropped.
async fn read(connection: Weak<Inner>, socket: Weak<RefCell<WebSocket>>) {
    let open = poll_fn(|cx| match socket.upgrade() {
        Some(socket) => {
            let mut socket = socket.borrow_mut();
            socket.poll_ready_unpin(cx).map(|_| Some(matches!(socket.state(), State::Open)))
        }
        None => Poll::Ready(None),
    });
    let (Some(is_open), Some(inner)) = (open.await, connection.upgrade()) else { return };
    let connection = Connection(inner);
    if is_open {
        connection.feed(Input::Open);
    }
    loop {
        let next = poll_fn(|cx| match socket.upgrade() {
            Some(socket) => socket.borrow_mut().poll_next_unpin(cx).map(Some),
            None => Poll::Ready(None),
        });
        let code = match next.await {
            // The socket was dropped on purpose.
            None => return,
            Some(Some(Ok(Message::Text(text)))) => {
                connection.frame(&text);
                continue;
            }
            Some(Some(Err(WebSocketError::ConnectionClose(close)))) => close.code,
            // Servers send no binary frames, and after an error the close code follows.
            Some(Some(Ok(Message::Bytes(_)) | Err(_))) => continue,
            Some(None) => ABNORMAL,
        };
        connection.0.socket.take();
        return connection.feed(Input::Closed(code));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.0.url).field("status", &self.0.status.get()).finish()
    }
}
