//! A `hubbub.v1` client that behaves like the page: it resumes where it was, on whichever node answers, and sends
//! again, with the same nonce, what was not answered.

mod repeat;
mod taking;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::Result;
use shared::{
    command::{self, Command},
    entry::Entry,
    text::{Name, Nonce, Position, Room},
};
use testkit::{Connection, Received};
use tokio::{
    sync::{Notify, mpsc},
    time::{sleep, sleep_until},
};

use crate::{
    checker::{ClientEvent, ClientLog, Link},
    run_state::RunState,
};

const TICK: Duration = Duration::from_millis(100);
const AGAIN: Duration = Duration::from_millis(500);
const NO_ANSWER: Duration = Duration::from_secs(10);

/// The first of the numbers by which connections for repeats are told from the client's own.
const REPEATERS: u32 = 1 << 31;

/// Who a client is.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its number; unique in the run.
    pub index: usize,
    /// Where it goes.
    pub rooms: Vec<Room>,
    /// The node that it starts with.
    pub node: usize,
    /// For its own random choices.
    pub seed: u64,
    /// Says everything on one connection to each other node, too, as the same person.
    pub repeats: bool,
    /// When notified, the connection is torn in the middle of a frame.
    pub tear: Arc<Notify>,
}

/// What a client is to say: something, in the room of this index among its own.
#[derive(Debug, Clone, Copy)]
pub struct SendOrder(pub usize);

#[derive(Debug)]
enum Asked {
    Hello,
    Join(Room, Option<Position>),
    Send(Nonce, Instant),
}

#[derive(Debug)]
struct Pending {
    room: Room,
    command: Command,
    nonce: Nonce,
    due: Instant,
}

#[derive(Debug)]
struct Client {
    plan: Plan,
    state: Arc<RunState>,
    random: fastrand::Rng,
    seen: Vec<ClientEvent>,
    at: HashMap<Room, Position>,
    inside: HashSet<Room>,
    refused: Vec<(Room, Instant)>,
    pending: VecDeque<Pending>,
    asked: HashMap<u64, Asked>,
    token: Option<String>,
    request: u64,
    /// Tells its connections apart.
    connection: u32,
    said: u64,
    settled: bool,
    /// The greeting was refused on this connection.
    turned_away: bool,
    gone_since: Option<Instant>,
    leave_at: Option<Instant>,
    repeaters: Vec<mpsc::Sender<Command>>,
}

/// Lives until the state says stop; answers what it saw.
pub async fn run(plan: Plan, state: Arc<RunState>, mut work: mpsc::Receiver<SendOrder>) -> ClientLog {
    let mut stop = state.stop.subscribe();
    let random = fastrand::Rng::with_seed(plan.seed);
    let mut node = plan.node;
    let mut client = Client {
        plan,
        state,
        random,
        seen: Vec::new(),
        at: HashMap::new(),
        inside: HashSet::new(),
        refused: Vec::new(),
        pending: VecDeque::new(),
        asked: HashMap::new(),
        token: None,
        request: 0,
        connection: 0,
        said: 0,
        settled: false,
        turned_away: false,
        gone_since: None,
        leave_at: None,
        repeaters: Vec::new(),
    };
    let mut failures = 0u32;
    while !*stop.borrow() {
        let address = client.state.nodes[node];
        if let Ok(mut connection) = Connection::v1(address).await {
            let stopped = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => true,
                ended = client.converse(&mut connection, node, &mut work) => {
                    client.note_end(&ended);
                    false
                }
            };
            if stopped {
                break;
            }
            failures = if client.settled { 0 } else { failures + 1 };
            client.disconnected();
        } else {
            failures += 1;
        }
        node = (node + 1) % client.state.nodes.len();
        // Shorter than the pauses of the page, and growing like them: a crowd must not keep itself out.
        let most = 100u64 << failures.min(6);
        sleep(Duration::from_millis(client.random.u64(most / 4..=most))).await;
    }
    let present = if client.settled { client.plan.rooms.clone() } else { Vec::new() };
    ClientLog { client: client.plan.index, seen: client.seen, present }
}

/// How a conversation ended.
#[derive(Debug)]
enum End {
    /// With this close code, or none.
    Closed(Option<u16>),
    /// By the client's own wish.
    Left,
}

impl Client {
    async fn converse(
        &mut self,
        connection: &mut Connection,
        node: usize,
        work: &mut mpsc::Receiver<SendOrder>,
    ) -> Result<End> {
        self.connection += 1;
        let name: Name = format!("Client {}", self.plan.index).parse()?;
        let hello = Command::Hello(command::Hello { name, token: self.token.clone() });
        self.ask(connection, hello, Asked::Hello).await?;
        for room in self.plan.rooms.clone() {
            self.join(connection, room).await?;
        }
        let mut tick = Instant::now() + TICK;
        let tear = self.plan.tear.clone();
        loop {
            tokio::select! {
                heard = connection.receive() => match heard? {
                    Received::Frame(frame) => {
                        let was = self.settled;
                        self.take(node, *frame)?;
                        if mem::take(&mut self.turned_away) {
                            self.state.turned_away.fetch_add(1, Relaxed);
                            return Ok(End::Left);
                        }
                        if self.settled && !was {
                            self.resend(connection, true).await?;
                        }
                    }
                    Received::Closed(code) => return Ok(End::Closed(code)),
                },
                Some(say) = work.recv() => self.say(connection, say).await?,
                () = tear.notified() => {
                    connection.abort().await?;
                    return Ok(End::Left);
                }
                () = sleep_until(tick.into()) => {
                    tick = Instant::now() + TICK;
                    if self.leave_at.is_some_and(|at| at <= tick) {
                        connection.close().await;
                        return Ok(End::Left);
                    }
                    let due = |(_, at): &mut (Room, Instant)| *at <= tick;
                    for (room, _) in self.refused.extract_if(.., due).collect::<Vec<_>>() {
                        self.join(connection, room).await?;
                    }
                    if self.settled {
                        self.resend(connection, false).await?;
                    }
                }
            }
        }
    }

    async fn ask(&mut self, connection: &mut Connection, command: Command, asked: Asked) -> Result<()> {
        self.request += 1;
        self.asked.insert(self.request, asked);
        connection.send(self.request, command).await
    }

    async fn join(&mut self, connection: &mut Connection, room: Room) -> Result<()> {
        let since = self.at.get(&room).cloned();
        let command = Command::Join(command::Join { room: room.clone(), since: since.clone() });
        self.ask(connection, command, Asked::Join(room, since)).await
    }

    async fn say(&mut self, connection: &mut Connection, SendOrder(index): SendOrder) -> Result<()> {
        let room = self.plan.rooms[index % self.plan.rooms.len()].clone();
        self.said += 1;
        let (now, random) = (self.state.now(), self.random.u16(..));
        let nonce = format!("{}-{}-{random:04x}-{now}", self.plan.index, self.said);
        let nonce: Nonce = nonce.parse()?;
        let bytes = usize::try_from(self.state.body_bytes.load(Relaxed))?;
        let body = format!("{now:<bytes$}").parse()?;
        let command = Command::Send(command::Send { room: room.clone(), nonce: nonce.clone(), body });
        for (on, repeater) in (REPEATERS..).zip(&self.repeaters) {
            // A repeater that cannot keep up repeats less.
            if repeater.try_send(command.clone()).is_ok() {
                self.seen.push(ClientEvent::Sent { room: room.clone(), nonce: nonce.clone(), on });
            }
        }
        self.state.pending.fetch_add(1, Relaxed);
        self.pending.push_back(Pending { room, command, nonce, due: Instant::now() });
        if self.settled {
            self.resend(connection, false).await?;
        }
        Ok(())
    }

    async fn resend(&mut self, connection: &mut Connection, all: bool) -> Result<()> {
        let now = Instant::now();
        let mut out = Vec::new();
        for pending in &mut self.pending {
            if all || pending.due <= now {
                pending.due = now + NO_ANSWER;
                out.push((pending.room.clone(), pending.nonce.clone(), pending.command.clone()));
            }
        }
        for (room, nonce, command) in out {
            self.seen.push(ClientEvent::Sent { room, nonce: nonce.clone(), on: self.connection });
            self.ask(connection, command, Asked::Send(nonce, now)).await?;
        }
        Ok(())
    }

    fn note_end(&mut self, ended: &Result<End>) {
        let code = match ended {
            Ok(End::Left) => return,
            Ok(End::Closed(code)) => code.unwrap_or(1006),
            Err(_) => 1006,
        };
        self.state.disconnects.fetch_add(1, Relaxed);
        self.state.closed(code);
    }

    fn disconnected(&mut self) {
        if self.settled {
            self.state.settled.fetch_sub(1, Relaxed);
            self.gone_since = Some(Instant::now());
        }
        self.settled = false;
        self.leave_at = None;
        self.inside.clear();
        self.refused.clear();
        self.asked.clear();
    }

    fn start_repeaters(&mut self) {
        let Some(token) = self.token.clone() else { return };
        let nodes = self.state.nodes.clone();
        for (_, address) in nodes.into_iter().enumerate().filter(|(node, _)| *node != self.plan.node) {
            let (sender, commands) = mpsc::channel(64);
            let name = format!("Client {}", self.plan.index);
            self.repeaters.push(sender);
            tokio::spawn(repeat::repeat(address, name, token.clone(), commands));
        }
    }
}

/// When the client that made this nonce was told to say something, in milliseconds of the run.
pub(crate) fn said_at(nonce: &Nonce) -> u64 {
    nonce.as_str().rsplit('-').next().and_then(|time| time.parse().ok()).unwrap_or(0)
}

/// An entry as the checker wants it.
pub(crate) fn link(entry: &Entry) -> Link {
    let Entry { position, prev, n, origin, .. } = entry.clone();
    // The harness says messages alone, and each has a nonce.
    let nonce = origin.0.map(|origin| origin.nonce);
    Link { position, prev, n, nonce: nonce.unwrap_or_else(|| "none".parse().expect("a nonce")) }
}
