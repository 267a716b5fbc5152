//! Parts of the view that follow what they read.
//!
//! A closure in a view has a type of its own, and each type brings its own copy of the machinery that keeps it up to
//! date: a kilobyte or two over the wire. These put closures in boxes, so that all of them share one copy.

use std::fmt;

use leptos::prelude::*;
use shared::text::Room;

use crate::state::timeline::rows::RowKey;

/// Something that is read again when what it read has changed.
pub type Live<T> = Box<dyn FnMut() -> T + Send>;

/// A value that follows: of an attribute, of a class, of a property.
pub fn live<T>(read: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Box::new(read)
}

/// Text that follows.
pub fn text(mut read: impl FnMut() -> String + Send + 'static) -> Live<AnyView> {
    Box::new(move || read().into_any())
}

/// A part that is there or not, made anew at each change.
pub fn part<V: IntoView + 'static>(mut make: impl FnMut() -> Option<V> + Send + 'static) -> Live<AnyView> {
    Box::new(move || make().map_or_else(|| ().into_any(), IntoAny::into_any))
}

/// An element of a list: what tells it from the others, and how it is made.
pub struct Element {
    key: Key,
    make: Box<dyn FnOnce() -> AnyView + Send>,
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Element").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What tells the elements of a list from each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A row of a log.
    Row(RowKey),
    /// A room.
    Room(Room),
}

impl Element {
    /// An element that is made when it comes into the list, and once.
    pub fn new(key: Key, make: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self { key, make: Box::new(make) }
    }
}

/// A list that follows: what stays in it stays as it is.
pub fn list(elements: impl Fn() -> Vec<Element> + Send + 'static) -> AnyView {
    let elements: Box<dyn Fn() -> Vec<Element> + Send> = Box::new(elements);
    view! { <For each=elements key=|element| element.key.clone() children=|element| (element.make)()/> }
        .into_any()
}

/// Does something now and at each change of what it read.
pub fn effect(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}
