//! One outbox per tab: finds the outbox of this tab, and takes over those whose tab is gone.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::{JsCast as _, closure::Closure};

use super::lease::{self, Held};
use crate::{
    browser::{random, storage},
    state::{Chat, OUTBOX},
};

/// The key of the tab's name, which survives reloads. A duplicated tab starts with the same name and takes another.
const TAB: &str = "hubbub.tab";

/// Longest time between two searches for outboxes without an owner, in milliseconds. The first ones are closer.
const LOOK_MS: u32 = 30_000;

/// Takes an outbox, then looks for orphans for as long as the tab lives.
pub(super) async fn run(chat: Chat) {
    let (key, held) = own().await;
    chat.own_outbox(&key);
    release_at_the_end(held);
    let mut wait = 500;
    loop {
        for orphan in storage::keys(OUTBOX).into_iter().filter(|other| *other != key) {
            if let Some(held) = lease::take(&orphan).await {
                chat.adopt_outbox(&orphan);
                drop(held);
            }
        }
        TimeoutFuture::new(wait).await;
        wait = (wait * 4).min(LOOK_MS);
    }
}

async fn own() -> (String, Held) {
    let session = storage::session();
    let kept = storage::get(session.as_ref(), TAB);
    if let Some(tab) = kept {
        let key = format!("{OUTBOX}{tab}");
        // The page before a reload may need a moment to let go.
        for _ in 0..5 {
            if let Some(held) = lease::take(&key).await {
                return (key, held);
            }
            TimeoutFuture::new(100).await;
        }
    }
    loop {
        let tab = random::word();
        let key = format!("{OUTBOX}{tab}");
        if let Some(held) = lease::take(&key).await {
            storage::set(session.as_ref(), TAB, Some(&tab));
            return (key, held);
        }
        TimeoutFuture::new(1000).await;
    }
}

/// Locks go with the page by themselves; a lease must be given back.
fn release_at_the_end(held: Held) {
    let closure = Closure::<dyn Fn()>::new(move || {
        if matches!(held, Held::Lease { .. }) {
            held.release();
        }
    });
    let listened = web_sys::window()
        .map(|window| window.add_event_listener_with_callback("pagehide", closure.as_ref().unchecked_ref()));
    drop(listened);
    closure.forget();
}
