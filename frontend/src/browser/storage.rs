//! The browser's storage. Where storage is full or forbidden, writes do nothing and reads find nothing.

use web_sys::Storage;

/// The storage that all tabs share.
pub fn local() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// The storage of this tab.
pub fn session() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// The value of a key.
pub fn get(storage: Option<&Storage>, key: &str) -> Option<String> {
    storage?.get_item(key).ok()?
}

/// Sets the value of a key, or removes it.
pub fn set(storage: Option<&Storage>, key: &str, value: Option<&str>) {
    let Some(storage) = storage else { return };
    // A page that cannot store goes on without.
    drop(match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    });
}

/// The keys of the shared storage that start with a prefix.
pub fn keys(prefix: &str) -> Vec<String> {
    let Some(storage) = local() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    let keys = (0..count).filter_map(|index| storage.key(index).ok()?);
    keys.filter(|key| key.starts_with(prefix)).collect()
}
