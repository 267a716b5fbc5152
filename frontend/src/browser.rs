//! Everything that is asked of the browser, each kind in a thin file of its own.

pub mod chance;
pub mod clock;
mod events;
mod lease;
pub mod letters;
mod outside;
mod storage;
mod tabs;

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use self::outside::Outside;
use crate::state::Chat;

/// Makes the state, connects it to the browser and starts it.
pub fn start() -> Chat {
    let outside = Rc::new(Outside::default());
    let chat = Chat::new(outside.clone());
    outside.attach(chat);
    events::attach(chat, &outside);
    chat.begin();
    spawn_local(tabs::run(chat));
    chat
}
