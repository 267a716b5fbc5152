//! Mutual exclusion between tabs: the browser's locks, or a lease in the shared storage where there are none (plain
//! HTTP from another machine).

use std::{cell::RefCell, rc::Rc};

use gloo_timers::{callback::Interval, future::TimeoutFuture};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use crate::browser::{clock, random, storage};

/// A lease ends this long after its last renewal, in milliseconds. Browsers wake hidden tabs once a minute.
const VALID_MS: u64 = 150_000;

/// Between renewals, in milliseconds.
const RENEW_MS: u32 = 20_000;

/// A lock that is held until this is dropped or the tab ends.
#[derive(Debug)]
pub(super) enum Held {
    /// Resolves the promise that holds the browser's lock.
    Lock(Function),
    /// An entry in the storage, renewed until dropped.
    Lease { key: String, _renewal: Interval },
}

/// Takes the lock of this name, unless another tab holds it.
pub(super) async fn take(name: &str) -> Option<Held> {
    match locks() {
        Some(locks) => lock(&locks, name).await,
        None => lease(name).await,
    }
}

fn locks() -> Option<Object> {
    let navigator = web_sys::window()?.navigator();
    Reflect::get(&navigator, &"locks".into()).ok()?.dyn_into().ok()
}

/// `navigator.locks.request(name, { ifAvailable: true }, …)`, which holds the lock until a promise is resolved.
async fn lock(locks: &Object, name: &str) -> Option<Held> {
    let request: Function = Reflect::get(locks, &"request".into()).ok()?.dyn_into().ok()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE).ok()?;

    let release: Rc<RefCell<Option<Function>>> = Rc::default();
    let answered = {
        let release = Rc::clone(&release);
        Promise::new(&mut |answer, _| {
            let release = Rc::clone(&release);
            let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
                let taken = !lock.is_null();
                let held: JsValue = if taken {
                    Promise::new(&mut |resolve, _| drop(release.replace(Some(resolve)))).into()
                } else {
                    JsValue::UNDEFINED
                };
                drop(answer.call1(&JsValue::UNDEFINED, &JsValue::from_bool(taken)));
                held
            });
            drop(request.call3(locks, &name.into(), &options, &granted));
        })
    };
    JsFuture::from(answered).await.ok()?;
    let release = release.take();
    release.map(Held::Lock)
}

async fn lease(name: &str) -> Option<Held> {
    let key = format!("hubbub.lease.{name}");
    let mine = random::word();
    let read = || -> Option<(String, u64)> {
        let text = storage::get(storage::local().as_ref(), &key)?;
        let (who, until) = text.split_once(' ')?;
        Some((who.to_owned(), until.parse().ok()?))
    };
    if read().is_some_and(|(_, until)| until > clock::now_ms()) {
        return None;
    }
    let write = {
        let (key, mine) = (key.clone(), mine.clone());
        move || {
            let text = format!("{mine} {}", clock::now_ms() + VALID_MS);
            storage::set(storage::local().as_ref(), &key, Some(&text));
        }
    };
    write();
    // Of two tabs that write at the same time, the later one wins.
    TimeoutFuture::new(60).await;
    if read().is_none_or(|(who, _)| who != mine) {
        return None;
    }
    Some(Held::Lease { key, _renewal: Interval::new(RENEW_MS, write) })
}

impl Held {
    /// Gives the lock back.
    pub(super) fn release(&self) {
        match self {
            Self::Lock(resolve) => drop(resolve.call0(&JsValue::UNDEFINED)),
            Self::Lease { key, .. } => storage::set(storage::local().as_ref(), key, None),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}
