use super::*;

#[test]
fn rooms() {
    let longest = "ü".repeat(limits::ROOM_CHARS);
    for good in ["general", " ", "room 1", "日本語", "a/b?c#d", "\u{202e}x", longest.as_str()] {
        assert_eq!(Room::parse(good).unwrap().as_str(), good);
    }
    assert_eq!(Room::parse(""), Err(Invalid::RoomEmpty));
    assert_eq!(Room::parse(&"ü".repeat(limits::ROOM_CHARS + 1)), Err(Invalid::RoomTooLong));
}

#[test]
fn names() {
    for (given, kept) in [
        ("Ana", "Ana"),
        ("  Ana  ", "Ana"),
        ("Ana María", "Ana María"),
        ("نور", "نور"),
        ("👩‍🚀", "👩‍🚀"),
        // Joiners and selectors where scripts and emoji need them.
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
        ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
    ] {
        assert_eq!(Name::parse(given).unwrap().as_str(), kept);
    }
    for (bad, why) in [
        ("", Invalid::NameEmpty),
        (" \t ", Invalid::NameEmpty),
        ("\u{200b}\u{2060}", Invalid::NameEmpty),
        ("\u{202e}", Invalid::NameEmpty),
        ("\u{2800}", Invalid::NameEmpty),
        ("\u{fe0f}", Invalid::NameEmpty),
        ("\u{ffa0}\u{e0041}", Invalid::NameEmpty),
        // They would look like Ana.
        ("A\u{ad}na", Invalid::NameForbidden),
        ("Ana\u{34f}", Invalid::NameForbidden),
        ("An\u{200b}a", Invalid::NameForbidden),
        ("An\u{200d}a", Invalid::NameForbidden),
        ("Ana\u{fe0f}", Invalid::NameForbidden),
        ("Ana\u{fe00}", Invalid::NameForbidden),
        ("Ana\u{2063}", Invalid::NameForbidden),
        ("Ana\u{3164}", Invalid::NameForbidden),
        ("Ana\u{e0020}", Invalid::NameForbidden),
        ("Ана\u{200d}", Invalid::NameForbidden),
        ("Ана\u{200c}\u{200c}х", Invalid::NameForbidden),
        ("a\nb", Invalid::NameForbidden),
        ("a\u{202e}b", Invalid::NameForbidden),
        (&"x".repeat(limits::NAME_CHARS + 1), Invalid::NameTooLong),
    ] {
        assert_eq!(Name::parse(bad), Err(why), "{bad:?}");
    }
}

#[test]
fn bodies_keep_every_character() {
    let odd = "\u{0}\u{1b}[31m\u{202e}\r\n\u{7f}\u{2028}";
    assert_eq!(Body::parse(odd).unwrap().as_str(), odd);
    assert!(Body::parse(&"x".repeat(limits::BODY_BYTES)).is_ok());
    assert_eq!(Body::parse(&"x".repeat(limits::BODY_BYTES + 1)), Err(Invalid::BodyTooLong));
    assert_eq!(Body::parse(""), Err(Invalid::BodyEmpty));
}

#[test]
fn nonces_and_positions() {
    assert!(Nonce::parse("aZ09_-").is_ok());
    for bad in ["", "a b", "a:b", "é", &"n".repeat(limits::NONCE_CHARS + 1)] {
        assert_eq!(Nonce::parse(bad), Err(Invalid::Nonce), "{bad:?}");
    }
    assert!(Position::parse("1732456789012-0.x9Zq").is_ok());
    assert!(Position::start().is_start());
    for bad in ["", "a b", "a\"b", "a\\b", "ü", &"9".repeat(limits::POSITION_CHARS + 1)] {
        assert_eq!(Position::parse(bad), Err(Invalid::Position), "{bad:?}");
    }
}

#[test]
fn serde_goes_through_parse() {
    assert_eq!(serde_json::to_string(&Room::parse("a\"b").unwrap()).unwrap(), r#""a\"b""#);
    assert!(serde_json::from_str::<Room>(r#""""#).is_err());
    assert_eq!(serde_json::from_str::<Name>(r#"" Ana ""#).unwrap().as_str(), "Ana");
}
