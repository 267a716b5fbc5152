//! Addresses as the browser reads them.

use web_sys::Url;

/// The host and port that the browser connects to for an address, with letters of other scripts spelled out as
/// `xn--…`. `None` if the browser cannot read the address.
pub fn host(href: &str) -> Option<String> {
    Url::new(href).ok().map(|url| url.host())
}
