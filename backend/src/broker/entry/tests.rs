use shared::{
    person::{Sender, SenderKind},
    text::Body,
};

use bytes::Bytes;

use super::*;

fn sender() -> Sender {
    Sender { id: "u1".parse().unwrap(), name: "Ana \"the\" \\ Ö".parse().unwrap(), kind: SenderKind::Guest }
}

#[test]
fn a_record_gives_back_what_went_in() {
    for text in ["hey", "\"}{\\", "line\nline\u{0}\u{2028}\u{202e}", "日本語", r#"","body":"x"#] {
        let body = Body::parse(text).unwrap();
        let record = Record::message(17, &sender(), &"n-1".parse().unwrap(), &body);
        let again = Record::parse(record.wire().clone());
        assert_eq!(again, record);
        assert_eq!(again.body_json().unwrap(), serde_json::to_string(text).unwrap());
        let entry = StoredEntry {
            position: "1.x".parse().unwrap(),
            prev: Position::start(),
            n: 1,
            record: again,
            change: None,
        };
        let message = entry.message().unwrap();
        assert_eq!((message.at, message.sender, message.body), (17, sender(), body));
    }
}

#[test]
fn anything_else_is_an_unknown_kind() {
    for wire in [
        "",
        " ",
        "m",
        "m3",
        "m3 ",
        "m3 {}",
        "m99999999999999999999 {}",
        "m1 {\"a\":\"\"",
        "m-1 {\"\"}",
        "m4 {\"\u{f6}\"}",
    ] {
        let record = Record::parse(Bytes::from(wire));
        assert_eq!(record.wire(), wire);
        let entry = StoredEntry {
            position: "1.x".parse().unwrap(),
            prev: Position::start(),
            n: 1,
            record,
            change: None,
        };
        assert_eq!(entry.message(), None, "{wire:?}");
    }
    // A kind that this build does not know is passed on as it is, if it is an object.
    let object = |wire: &'static str| Record::parse(Bytes::from(wire)).object().map(str::to_owned);
    assert_eq!(object("x5 {\"at\":1}").as_deref(), Some("{\"at\":1}"));
    assert_eq!(object("x5 {\"at\":1,}"), None);
}
