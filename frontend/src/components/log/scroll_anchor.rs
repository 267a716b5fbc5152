//! Keeps the log where the reader is while rows come and go. Not every browser has scroll anchoring of its own.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::{Rc, Weak},
};

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{HtmlCollection, HtmlElement, MutationObserver, MutationObserverInit, ResizeObserver};

use super::geometry::{Geometry, pixels};

/// Watches one log and its list until the last clone is dropped.
#[derive(Clone)]
pub(super) struct ScrollAnchor(Rc<Watch>);

/// An anchor whose log may be gone.
#[derive(Clone)]
pub(super) struct WeakScrollAnchor(Weak<Watch>);

/// A place to come back to: a message, and how far its upper edge was below that of the log, in CSS pixels. Negative
/// if the message started above.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// The id of the element.
    pub(super) id: String,
    /// CSS pixels.
    pub(super) below: f64,
}

/// Called at every new place, also at those that the anchor chose.
type Moved = Box<dyn Fn(&WeakScrollAnchor, Geometry)>;

struct Watch {
    log: HtmlElement,
    list: HtmlElement,
    /// The messages in the list; the browser keeps the collection up to date.
    messages: HtmlCollection,
    /// The geometry before a change, and whether a reader at the end follows new messages.
    before: Cell<(Geometry, bool)>,
    /// The first message in view and where it stood in the list.
    anchor: RefCell<Option<(HtmlElement, f64)>>,
    /// Whether the end of the list is the end of the conversation.
    complete: Box<dyn Fn() -> bool>,
    moved: Moved,
    observers: OnceCell<Observers>,
}

struct Observers {
    rows: Option<MutationObserver>,
    sizes: Option<ResizeObserver>,
    _settle: Closure<dyn FnMut()>,
}

impl ScrollAnchor {
    /// Starts to watch. `complete` says whether the last row of the list is the newest message; `moved` is called at
    /// every new place.
    pub(super) fn new(
        log: HtmlElement,
        list: HtmlElement,
        complete: impl Fn() -> bool + 'static,
        moved: impl Fn(&WeakScrollAnchor, Geometry) + 'static,
    ) -> Self {
        let watch = Rc::new(Watch {
            messages: list.get_elements_by_class_name("msg"),
            log,
            list,
            before: Cell::default(),
            anchor: RefCell::default(),
            complete: Box::new(complete),
            moved: Box::new(moved),
            observers: OnceCell::new(),
        });
        let observers = Observers::of(&watch);
        // The cell was empty.
        drop(watch.observers.set(observers));
        Self(watch)
    }

    /// Corrects the scroll position after a change, before the next paint.
    pub(super) fn settle(&self) {
        Watch::settle(&self.0);
    }

    /// The reader scrolled.
    pub(super) fn scrolled(&self) {
        Watch::note(&self.0);
    }

    /// Goes to the newest row.
    pub(super) fn to_end(&self) {
        self.0.log.set_scroll_top(self.0.log.scroll_height());
        Watch::note(&self.0);
    }

    /// Scrolls a row to a third of the height, with earlier messages above it.
    pub(super) fn to_row(&self, row: &HtmlElement) {
        let third = f64::from(self.0.log.client_height()) / 3.0;
        self.put(row, third);
    }

    /// Where the reader is. `None` at the end.
    pub(super) fn place(&self) -> Option<Place> {
        let (before, follows) = self.0.before.get();
        let anchor = self.0.anchor.borrow();
        let (message, top) = anchor.as_ref().filter(|_| !(follows && before.at_end()))?;
        Some(Place { id: message.id(), below: top - before.top })
    }

    /// Goes back to a place, or to the end if its message is gone.
    pub(super) fn restore(&self, place: &Place) {
        match self.0.messages.get_with_name(&place.id).and_then(|message| message.dyn_into().ok()) {
            Some(message) => self.put(&message, place.below),
            None => self.to_end(),
        }
    }

    fn put(&self, row: &HtmlElement, below: f64) {
        self.0.log.set_scroll_top(pixels(self.0.offset(row) - below));
        Watch::note(&self.0);
    }
}

impl WeakScrollAnchor {
    /// The anchor, if its log is still there.
    pub(super) fn upgrade(&self) -> Option<ScrollAnchor> {
        self.0.upgrade().map(ScrollAnchor)
    }
}

impl Watch {
    fn geometry(&self) -> Geometry {
        Geometry {
            content: f64::from(self.log.scroll_height()),
            view: f64::from(self.log.client_height()),
            top: f64::from(self.log.scroll_top()),
        }
    }

    fn settle(self: &Rc<Self>) {
        let ((before, follows), now) = (self.before.get(), self.geometry());
        let moved = self
            .anchor
            .borrow()
            .as_ref()
            .filter(|(message, _)| message.is_connected())
            .map(|(message, top)| self.offset(message) - top);
        let top = before.after(now, moved, follows);
        if (top - now.top).abs() >= 1.0 {
            self.log.set_scroll_top(pixels(top));
        }
        self.note();
    }

    /// Notes the geometry for the next change.
    fn note(self: &Rc<Self>) {
        let now = self.geometry();
        self.before.set((now, (self.complete)()));
        let seen = self.first_below(now.top);
        *self.anchor.borrow_mut() = seen.map(|message| {
            let top = self.offset(&message);
            (message, top)
        });
        (self.moved)(&WeakScrollAnchor(Rc::downgrade(self)), now);
    }

    /// The first message that ends below a place in the list.
    fn first_below(&self, top: f64) -> Option<HtmlElement> {
        let at = |index| self.messages.item(index).and_then(|message| message.dyn_into::<HtmlElement>().ok());
        let (mut low, mut high) = (0, self.messages.length());
        while low < high {
            let middle = u32::midpoint(low, high);
            let message = at(middle)?;
            if self.offset(&message) + f64::from(message.offset_height()) > top {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        at(low)
    }

    /// The offset of a row in the list, independent of scrolling.
    fn offset(&self, row: &HtmlElement) -> f64 {
        row.get_bounding_client_rect().top() - self.list.get_bounding_client_rect().top()
    }
}

impl Observers {
    /// Their callbacks run before the next paint.
    fn of(watch: &Rc<Watch>) -> Self {
        let weak = Rc::downgrade(watch);
        let settle = Closure::new(move || {
            if let Some(watch) = weak.upgrade() {
                watch.settle();
            }
        });
        let function = settle.as_ref().unchecked_ref();
        let rows = MutationObserver::new(function).ok();
        let wanted = MutationObserverInit::new();
        wanted.set_child_list(true);
        if let Some(rows) = &rows {
            // This fails only without options.
            drop(rows.observe_with_options(&watch.list, &wanted));
        }
        // Sizes change with fonts, the composer, the on-screen keyboard, the window.
        let sizes = ResizeObserver::new(function).ok();
        if let Some(sizes) = &sizes {
            sizes.observe(&watch.log);
            sizes.observe(&watch.list);
        }
        Self { rows, sizes, _settle: settle }
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        if let Some(rows) = &self.rows {
            rows.disconnect();
        }
        if let Some(sizes) = &self.sizes {
            sizes.disconnect();
        }
    }
}
