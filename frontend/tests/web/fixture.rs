//! Mounts a part of the page with a state that the test sets.

use std::{any::Any, cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc};

use frontend::{
    components::{composer::Composer, layout::LayoutContext, log::Log, toast::Toasts},
    net::machine::Input,
    state::{
        Chat, Platform, RoomHandle, RoomSignals, RowHandle,
        timeline::rows::{Delivery, MessageRow, Row, RowKey},
    },
};
use gloo_timers::future::TimeoutFuture;
use leptos::{mount::mount_to, prelude::*};
use shared::{
    command::Command,
    person::{Sender, SenderKind},
    text::{Body, Name, Nonce, Position, Room, UserId},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, HtmlElement, KeyboardEvent, MutationObserver, MutationObserverInit, MutationRecord};

/// A mounted part of the page. Dropping it removes the part.
pub(crate) struct Fixture {
    /// The room that the piece shows.
    pub(crate) room: RoomHandle,
    place: HtmlElement,
    _mounted: Box<dyn Any>,
}

impl Fixture {
    /// A log, 400 px high, of a loaded room with these rows.
    pub(crate) async fn log(rows: Vec<Row>) -> Self {
        let fixture = Self::mount(move |_, room| {
            room.rows.set(rows.iter().cloned().map(handle).collect());
            room.loaded.set(true);
            view! { <Log room=room/> }.into_any()
        });
        let fixture = fixture.await;
        // The style sheets are not loaded; scrolling needs this much of them.
        let log = fixture.one(".log").unchecked_into::<HtmlElement>();
        HtmlElement::style(&log)
            .set_css_text("height: 400px; overflow: auto; overflow-anchor: none; position: relative");
        fixture.frames(2).await;
        fixture
    }

    /// A composer.
    pub(crate) async fn composer() -> Self {
        Self::mount(|_, room| view! { <Composer room=room/> }.into_any()).await
    }

    /// Any piece.
    pub(crate) async fn mount(piece: impl FnOnce(Chat, RoomHandle) -> AnyView + 'static) -> Self {
        let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        document().body().unwrap().append_child(&place).unwrap();
        let room = Arc::new(RoomSignals::new(Room::parse("general").unwrap()));
        let shown = Arc::clone(&room);
        let mounted = mount_to(place.clone(), move || {
            let chat = Chat::new(Rc::new(NullPlatform));
            provide_context(chat);
            LayoutContext::provide(chat);
            provide_context(Toasts::new(chat));
            piece(chat, shown)
        });
        let fixture = Self { room, place, _mounted: Box::new(mounted) };
        fixture.frames(1).await;
        fixture
    }

    /// Adds a row at the end.
    pub(crate) fn push(&self, row: Row) {
        self.room.rows.update(|rows| rows.push(handle(row)));
    }

    /// Adds rows at the start.
    pub(crate) fn prepend(&self, rows: Vec<Row>) {
        self.room.rows.update(|now| drop(now.splice(0..0, rows.into_iter().map(handle))));
    }

    /// Takes rows away at the start.
    pub(crate) fn drop_first(&self, count: usize) {
        self.room.rows.update(|rows| drop(rows.drain(..count)));
    }

    /// Changes a row in place.
    pub(crate) fn set(&self, index: usize, row: Row) {
        self.room.rows.with_untracked(|rows| rows[index].row.set(row));
    }

    /// The elements that a selector finds.
    pub(crate) fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.place.query_selector_all(selector).unwrap();
        (0..found.length()).map(|index| found.get(index).unwrap().unchecked_into()).collect()
    }

    pub(crate) fn find(&self, selector: &str) -> Option<Element> {
        self.place.query_selector(selector).unwrap()
    }

    pub(crate) fn one(&self, selector: &str) -> Element {
        self.find(selector).unwrap_or_else(|| panic!("no {selector} in {}", self.place.inner_html()))
    }

    pub(crate) fn has(&self, selector: &str) -> bool {
        self.find(selector).is_some()
    }

    pub(crate) fn count(&self, selector: &str) -> usize {
        self.all(selector).len()
    }

    /// The text of an element; empty if it is not there.
    pub(crate) fn text(&self, selector: &str) -> String {
        self.find(selector).and_then(|found| found.text_content()).unwrap_or_default()
    }

    pub(crate) fn value(&self, selector: &str) -> String {
        self.one(selector).unchecked_into::<web_sys::HtmlTextAreaElement>().value()
    }

    pub(crate) fn focus(&self, selector: &str) {
        self.one(selector).unchecked_into::<HtmlElement>().focus().unwrap();
    }

    /// Waits for some frames to be painted.
    pub(crate) async fn frames(&self, count: u32) {
        for _ in 0..count {
            let painted = js_sys::Promise::new(&mut |done, _| {
                window().request_animation_frame(&done).unwrap();
            });
            wasm_bindgen_futures::JsFuture::from(painted).await.unwrap();
        }
    }

    /// Waits for something to be true; fails after ten seconds.
    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..500 {
            if holds(self) {
                return;
            }
            TimeoutFuture::new(20).await;
        }
        panic!("it did not come: {}", self.place.inner_html());
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.place.remove();
    }
}

/// Notes which messages of a list change in the document.
pub(crate) struct Changes {
    changed: Rc<RefCell<BTreeSet<String>>>,
    _callback: Closure<dyn FnMut(js_sys::Array)>,
}

impl Changes {
    /// Watches everything in an element from now on.
    pub(crate) fn of(list: &Element) -> Self {
        let changed: Rc<RefCell<BTreeSet<String>>> = Rc::default();
        let noted = Rc::clone(&changed);
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |records: js_sys::Array| {
            for record in records.iter() {
                let record: MutationRecord = record.unchecked_into();
                let target = record.target().and_then(|target| target.dyn_into::<Element>().ok());
                let message = target.and_then(|target| target.closest(".msg").unwrap());
                noted.borrow_mut().extend(message.map(|message| message.id()));
                for nodes in [record.added_nodes(), record.removed_nodes()] {
                    let rows =
                        (0..nodes.length()).filter_map(|index| nodes.get(index)?.dyn_into::<Element>().ok());
                    let messages = rows.filter_map(|row| row.query_selector(".msg").unwrap());
                    noted.borrow_mut().extend(messages.map(|message| message.id()));
                }
            }
        });
        let observer = MutationObserver::new(callback.as_ref().unchecked_ref()).unwrap();
        let wanted = MutationObserverInit::new();
        wanted.set_child_list(true);
        wanted.set_subtree(true);
        wanted.set_attributes(true);
        wanted.set_character_data(true);
        observer.observe_with_options(list, &wanted).unwrap();
        Self { changed, _callback: callback }
    }

    /// The ids of the messages that changed, came or went.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.changed.borrow().iter().cloned().collect()
    }
}

fn handle(row: Row) -> RowHandle {
    let key = match &row {
        Row::Day(day) => RowKey::Day(*day, 0),
        Row::Since { .. } => RowKey::Since,
        Row::Break(_) => RowKey::Break(0),
        Row::Message(message) => RowKey::Message(message.id),
    };
    RowHandle { key, row: ArcRwSignal::new(row) }
}

/// Presses a key on an element; whether the page took it.
pub(crate) fn press(on: &Element, key: &str, shift: bool, code: u32, composing: bool) -> bool {
    let init = js_sys::Object::new();
    for (name, value) in [
        ("key", JsValue::from(key)),
        ("shiftKey", shift.into()),
        ("keyCode", code.into()),
        ("isComposing", composing.into()),
        ("bubbles", true.into()),
        ("cancelable", true.into()),
    ] {
        js_sys::Reflect::set(&init, &name.into(), &value).unwrap();
    }
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", init.unchecked_ref()).unwrap();
    on.dispatch_event(&event).unwrap();
    event.default_prevented()
}

/// A stored message of somebody else.
pub(crate) fn message(id: u64, text: &str) -> MessageRow {
    MessageRow {
        id,
        nonce: nonce(id),
        position: Position::parse(&format!("{id}-0aaaa")).ok(),
        sender: Sender {
            id: UserId::parse("u_ada").unwrap(),
            name: Name::parse("Ada Lovelace").unwrap(),
            kind: SenderKind::Guest,
        },
        mark: None,
        at: 1_795_520_000_000,
        body: Body::parse(text).unwrap(),
        cont: false,
        own: false,
        fresh: false,
        state: Delivery::Stored,
        reactions: Vec::new(),
    }
}

/// The nonce of that message.
pub(crate) fn nonce(id: u64) -> Nonce {
    Nonce::parse(&format!("nonce-{id}")).unwrap()
}

/// The same as a row.
pub(crate) fn said(id: u64, text: &str) -> Row {
    Row::Message(message(id, text))
}

/// 24 November 2026, noon.
const NOW: u64 = 1_795_521_600_000;

/// A platform without connection, storage or history, for tests of single components.
struct NullPlatform;

impl Platform for NullPlatform {
    fn now_ms(&self) -> u64 {
        NOW
    }

    fn utc_offset_minutes(&self, _: u64) -> i32 {
        0
    }

    fn steady_ms(&self) -> u64 {
        NOW
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn nonce(&self) -> Nonce {
        Nonce::parse(&self.now_ms().to_string()).expect("digits")
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn set(&self, _: &str, _: Option<&str>) {}

    fn keys(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn ask(&self, _: Command) -> Option<u64> {
        None
    }

    fn connection(&self, _: Input) {}

    fn wake_at(&self, _: Option<u64>) {}

    fn address(&self) -> String {
        "/".to_owned()
    }

    fn show_address(&self, _: &str, _: bool) {}

    fn show_title(&self, _: &str) {}
}
