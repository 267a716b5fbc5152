//! The browser's storage. Where it is full or forbidden, nothing is kept and nothing fails.

use web_sys::Storage;

/// What stays: shared by all tabs.
pub(super) fn local() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What stays as long as this tab.
pub(super) fn session() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// What is kept under a key.
pub(super) fn get(storage: Option<&Storage>, key: &str) -> Option<String> {
    storage?.get_item(key).ok()?
}

/// Keeps something under a key, or nothing any more.
pub(super) fn set(storage: Option<&Storage>, key: &str, value: Option<&str>) {
    let Some(storage) = storage else { return };
    // Full or forbidden: the page goes on, it only forgets.
    drop(match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    });
}

/// The keys that are kept and start with a prefix.
pub(super) fn keys(prefix: &str) -> Vec<String> {
    let Some(storage) = local() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    let keys = (0..count).filter_map(|index| storage.key(index).ok()?);
    keys.filter(|key| key.starts_with(prefix)).collect()
}
