//! The layout of the page in the context: components ask it what is open and tell it what to open.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};

use crate::state::{
    Chat,
    layout::{Columns, Escape, Layout, Panel, Region},
};

/// From this width on there are three columns; the same as in `layout.css`.
const THREE: &str = "(width >= 70rem)";

/// Below this width there is one column; the same as in `layout.css`.
const ONE: &str = "(width < 46rem)";

/// The handle that components get from the context.
#[derive(Debug, Clone, Copy)]
pub struct LayoutContext(RwSignal<Layout>);

impl LayoutContext {
    /// Puts the layout into the context. It follows the width of the window and hears Escape until the caller is
    /// gone.
    pub fn provide(chat: Chat) -> Self {
        let layout = Self(RwSignal::new(Layout::default()));
        let (three, one) = (media(THREE), media(ONE));
        Effect::new(move |_| {
            let columns = match (three.get(), one.get()) {
                (true, _) => Columns::Three,
                (_, true) => Columns::One,
                _ => Columns::Two,
            };
            layout.0.update(|layout| layout.set_columns(columns));
        });
        let escape = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" && !event.default_prevented() && layout.escape() == Escape::Room {
                chat.mark_read();
                chat.jump_to_newest();
            }
        });
        on_cleanup(move || escape.remove());
        provide_context(layout);
        layout
    }

    /// Whether a panel is to be seen.
    pub fn is_open(self, panel: Panel) -> bool {
        self.0.with(|layout| layout.is_open(panel))
    }

    /// Opens a panel.
    pub fn open(self, panel: Panel) {
        self.0.update(|layout| layout.open(panel));
    }

    /// Closes a panel.
    pub fn close(self, panel: Panel) {
        self.0.update(|layout| layout.close(panel));
    }

    /// Opens a closed panel and closes an open one.
    pub fn toggle(self, panel: Panel) {
        self.0.update(|layout| layout.toggle(panel));
    }

    /// Whether a panel covers a region: the value of its `inert` attribute.
    pub fn covers(self, region: Region) -> bool {
        self.0.with(|layout| layout.covers(region))
    }

    /// Whether a dialog, a menu or a popover has the keyboard.
    pub fn has_overlay(self) -> bool {
        self.0.with_untracked(Layout::has_overlay)
    }

    /// Counts a dialog, a menu or a popover while `open` holds true.
    pub fn count_overlay(self, open: RwSignal<bool>) {
        Effect::new(move |before: Option<bool>| {
            let now = open.get();
            if now != before.unwrap_or(false) {
                self.overlay(now);
            }
            now
        });
        on_cleanup(move || {
            if open.try_get_untracked() == Some(true) {
                self.overlay(false);
            }
        });
    }

    fn overlay(self, opened: bool) {
        // The layout may go in the same moment as the overlay.
        self.0.try_update(|layout| if opened { layout.overlay_opened() } else { layout.overlay_closed() });
    }

    fn escape(self) -> Escape {
        self.0.try_update(Layout::escape).unwrap_or(Escape::Overlay)
    }
}

/// Whether a media query holds, now and later.
fn media(query: &str) -> ReadSignal<bool> {
    let holds = RwSignal::new(false);
    if let Ok(Some(list)) = window().match_media(query) {
        holds.set(list.matches());
        let watched = list.clone();
        let changed = Closure::<dyn FnMut()>::new(move || {
            holds.try_set(watched.matches());
        });
        list.set_onchange(Some(changed.as_ref().unchecked_ref()));
        // The list keeps its own listener; both live as long as the page.
        changed.forget();
    }
    holds.read_only()
}
