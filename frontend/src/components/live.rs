//! Parts of the view that follow what they read.
//!
//! A closure in a view has a type of its own, and each type brings its own copy of the machinery that keeps it up to
//! date: a kilobyte or two over the wire. These put closures in boxes, so that all of them share one copy.

use leptos::prelude::*;

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

/// Does something now and at each change of what it read.
pub fn effect(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}
