//! The page of Hubbub: a browser client in Leptos, compiled to wasm.
//!
//! In reading order:
//! - [`state`]: what the page knows. Components get one handle from the context, [`state::Chat`], with signals to
//!   read and actions to call. Below it is plain data: [`state::timeline`], [`state::outbox`], [`state::layout`].
//! - [`net`]: the connection, a pure state machine and one thin file that drives the browser's WebSocket.
//! - [`markup`], [`people`], [`time`], [`route`]: pure helpers: the meaning of a message body, the hues of
//!   people, calendar days, the rooms that paths name.
//! - [`app`] and [`components`]: the view.
//! - [`browser`]: thin wrappers of browser interfaces. [`runtime`] connects them with the state.
//!
//! `net` never imports `state`, and `state` does all its I/O through [`state::Platform`]. Everything except `browser`,
//! `runtime`, the socket and the view also runs natively, where the tests run it.

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

/// Mounts the page and connects.
pub fn start() {
    let chat = runtime::start();
    leptos::mount::mount_to_body(move || {
        leptos::context::provide_context(chat);
        leptos::view! { <app::App/> }
    });
}
