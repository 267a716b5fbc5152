//! The page of Hubbub: a browser client in Leptos, compiled to wasm.
//!
//! In reading order:
//! - [`state`]: what the page knows. [`state::Chat`] is the one handle that components get from the context:
//!   signals to read and actions to call. Below it plain data: [`state::timeline`], [`state::outbox`].
//! - [`net`]: the connection, a pure state machine and one thin file that drives the browser's WebSocket.
//! - [`markup`], [`people`], [`time`], [`route`]: pure helpers of the view: what a message body means, who has which
//!   colour, which day it is, which room a path names.
//! - [`app`]: the view.
//! - [`browser`]: the only place beside the socket where the browser is called.
//!
//! `net` never imports `state`; `state` does no I/O but through [`state::Platform`]; everything except `browser`,
//! the socket and the view also runs natively, where it is tested.

pub mod app;
pub mod browser;
pub mod components;
pub mod markup;
pub mod net;
pub mod people;
pub mod route;
pub mod runtime;
pub mod state;
pub mod time;

/// Puts the page on the screen and connects.
pub fn start() {
    let chat = runtime::start();
    leptos::mount::mount_to_body(move || {
        leptos::context::provide_context(chat);
        leptos::view! { <app::App/> }
    });
}
