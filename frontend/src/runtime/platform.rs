//! The platform of the state, implemented on the browser.

use std::cell::{Cell, RefCell};

use gloo_timers::callback::Timeout;
use shared::{command::Command, text::Nonce};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Location;

use crate::{
    browser::{clock, random, storage},
    net::{machine::Input, socket::Connection},
    state::{Chat, Platform},
};

/// The browser as the state uses it. [`attach`](Self::attach) comes before everything else.
#[derive(Debug, Default)]
pub(super) struct Browser {
    chat: Cell<Option<Chat>>,
    connection: RefCell<Option<Connection>>,
    timer: RefCell<Option<(u64, Timeout)>>,
}

impl Browser {
    pub(super) fn attach(&self, chat: Chat) {
        self.chat.set(Some(chat));
        self.connection.replace(Some(Connection::new(socket_url(), std::rc::Rc::new(chat))));
    }

    /// Passes an input to the connection, after the code that runs now has returned.
    pub(super) fn feed(&self, input: Input) {
        if let Some(connection) = self.connection.borrow().clone() {
            spawn_local(async move { connection.feed(input) });
        }
    }
}

impl Platform for Browser {
    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn utc_offset_minutes(&self, at_ms: u64) -> i32 {
        clock::utc_offset_minutes(at_ms)
    }

    fn steady_ms(&self) -> u64 {
        clock::steady_ms()
    }

    fn random(&self) -> f64 {
        random::unit()
    }

    fn nonce(&self) -> Nonce {
        Nonce::parse(&random::word()).expect("22 characters of the right kind")
    }

    fn is_watched(&self) -> bool {
        let document = web_sys::window().and_then(|window| window.document());
        document.is_some_and(|document| !document.hidden() && document.has_focus().unwrap_or(true))
    }

    fn get(&self, key: &str) -> Option<String> {
        storage::get(storage::local().as_ref(), key)
    }

    fn set(&self, key: &str, value: Option<&str>) {
        storage::set(storage::local().as_ref(), key, value);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        storage::keys(prefix)
    }

    fn ask(&self, command: Command) -> Option<u64> {
        self.connection.borrow().as_ref()?.ask(command)
    }

    fn connection(&self, input: Input) {
        self.feed(input);
    }

    fn wake_at(&self, at: Option<u64>) {
        let mut timer = self.timer.borrow_mut();
        let Some(at) = at else {
            timer.take();
            return;
        };
        if timer.as_ref().is_some_and(|(before, _)| *before == at) {
            return;
        }
        let Some(chat) = self.chat.get() else { return };
        // An alarm that is due again at once would leave the page no time for anything else.
        let wait = u32::try_from(at.saturating_sub(clock::steady_ms())).unwrap_or(u32::MAX).max(10);
        *timer = Some((at, Timeout::new(wait, move || spawn_local(async move { chat.tick() }))));
    }

    fn address(&self) -> String {
        let location = web_sys::window().map(|window| window.location());
        let part = |part: Option<Result<String, JsValue>>| part.and_then(Result::ok).unwrap_or_default();
        let (path, query) =
            (location.as_ref().map(Location::pathname), location.as_ref().map(Location::search));
        part(path) + &part(query)
    }

    fn show_address(&self, address: &str, replace: bool) {
        let Some(history) = web_sys::window().and_then(|window| window.history().ok()) else { return };
        // A browser refuses when a page does this too often; the room is shown all the same.
        drop(if replace {
            history.replace_state_with_url(&JsValue::NULL, "", Some(address))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(address))
        });
    }

    fn show_title(&self, title: &str) {
        if let Some(document) = web_sys::window().and_then(|window| window.document()) {
            document.set_title(title);
        }
    }
}

/// The socket of the server that the page came from.
fn socket_url() -> String {
    let location = web_sys::window().map(|window| window.location());
    let host = location.as_ref().and_then(|at| at.host().ok()).unwrap_or_default();
    // `trunk serve` passes a socket on but drops the subprotocol from the answer, upon which browsers give up:
    // a page in development asks the node itself. The ports are those of Trunk.toml.
    if cfg!(debug_assertions)
        && let Some(name) = host.strip_suffix(":8088")
    {
        return format!("ws://{name}:8080/ws");
    }
    let secure = location.and_then(|at| at.protocol().ok()).is_some_and(|protocol| protocol == "https:");
    format!("{}://{host}/ws", if secure { "wss" } else { "ws" })
}
