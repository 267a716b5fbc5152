//! The address of a room: `/r/<percent-encoded name>`. `/` is the first room.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared::text::Room;

/// The room of the bare address.
pub const FIRST_ROOM: &str = "general";

/// Everything but unreserved characters (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path of a room.
pub fn path(room: &Room) -> String {
    match room.as_str() {
        // Browsers resolve `/r/.` and `/r/..` as folders, encoded or not. They leave the query alone.
        dots @ ("." | "..") => format!("/?r={dots}"),
        name => format!("/r/{}", utf8_percent_encode(name, ENCODED)),
    }
}

/// The room that a path and query (`location.pathname + location.search`) name. `None` if they name no room.
pub fn room(address: &str) -> Option<Room> {
    let encoded = match address.split_once("?r=") {
        Some(("/", room)) => room,
        _ => match address.split('?').next().unwrap_or_default() {
            "/" | "/index.html" => FIRST_ROOM,
            path => path.strip_prefix("/r/")?,
        },
    };
    Room::parse(&percent_decode_str(encoded).decode_utf8().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_room_has_an_address_that_leads_back() {
        for name in
            ["general", "with space", "a/b?c#d", "日本", "100%", "..", ".", "\u{1f600}", "%2e%2e", "\u{7}"]
        {
            let name = Room::parse(name).unwrap();
            assert_eq!(room(&path(&name)), Some(name.clone()), "{name:?} at {}", path(&name));
        }
    }

    #[test]
    fn addresses() {
        for (address, expected) in [
            ("/", Some("general")),
            ("/?utm=1", Some("general")),
            ("/r/lobby", Some("lobby")),
            ("/r/lobby?x=1", Some("lobby")),
            ("/r/", None),
            ("/r/%ff", None),
            ("/about", None),
        ] {
            assert_eq!(room(address), expected.map(|name| Room::parse(name).unwrap()), "{address}");
        }
    }
}
