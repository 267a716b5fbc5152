//! Connects the state with the browser: implements its platform, passes events to it, shares outboxes between tabs.

mod events;
mod lease;
mod platform;
mod tabs;

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use self::platform::Browser;
use crate::state::Chat;

/// Makes the state, connects it to the browser and starts it.
pub fn start() -> Chat {
    let browser = Rc::new(Browser::default());
    let chat = Chat::new(browser.clone());
    browser.attach(chat);
    events::attach(chat, &browser);
    chat.begin();
    spawn_local(tabs::run(chat));
    chat
}
