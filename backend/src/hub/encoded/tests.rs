use shared::{
    entry::{Entry, Origin, Said, What},
    event::Happened,
    person::{Sender, SenderKind},
    table::Flat,
    text::Body,
};

use super::*;
use crate::broker::Record;

fn room() -> Room {
    Room::parse("a \"room\"").unwrap()
}

fn origin() -> Origin {
    let sender = Sender { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
    Origin { at: 7, sender, nonce: "n1".parse().unwrap() }
}

fn stored(record: Record) -> StoredEntry {
    let (position, prev) = ("2-0.n1".parse().unwrap(), Position::start());
    StoredEntry { position, prev, n: 3, record, change: None }
}

fn event(encoded: &EncodedEntry) -> Event {
    let frame = encoded.frame(&room(), Dialect::V1);
    match ServerFrame::decode(std::str::from_utf8(&frame).unwrap()).unwrap() {
        ServerFrame::Event(event) => event,
        ServerFrame::Reply(..) => panic!("a reply"),
    }
}

#[test]
fn both_frames_are_what_their_readers_expect() {
    let body = Body::parse("tab\t quote\" \u{1} ü").unwrap();
    let encoded = EncodedEntry::new(stored(Record::new(&origin(), &What::Said(Said { body: body.clone() }))));

    let entry = Flat(encoded.entry.decode().unwrap());
    assert_eq!(entry.message().unwrap().body, body);
    assert_eq!(event(&encoded), Event::Message(Happened { room: room(), entry }));

    let classic = encoded.frame(&room(), Dialect::Classic);
    let expected = r#"{"type":"sendMessage","roomId":"a \"room\"","message":"tab\t quote\" \u0001 ü"}"#;
    assert_eq!(std::str::from_utf8(&classic).unwrap(), expected);
}

/// Whatever a record is, v1 clients get its place, live and in lists, and classic clients nothing.
#[test]
fn every_entry_reaches_v1_at_least_as_its_place() {
    let of = "1-0.aaaa".parse().unwrap();
    for (record, what) in [
        (Record::amendment(1, &origin().sender, &origin().nonce, &of), What::Unknown),
        (Record::deleted(1, &origin().sender, &origin().nonce), What::Unknown),
        (Record::parse(r#"z9 {"at":1,"kind":"exploded","deep":{"er":[1]}}"#.into()), What::Unknown),
        (Record::parse("z9 {not json}".into()), What::Unknown),
        (Record::parse("".into()), What::Unknown),
    ] {
        let encoded = EncodedEntry::new(stored(record.clone()));
        let Event::Entry(Happened { entry: Flat(entry), .. }) = event(&encoded) else {
            panic!("{record:?}");
        };
        assert_eq!((&entry.position, &entry.prev, entry.n), (&encoded.entry.position, &Position::start(), 3));
        assert_eq!(entry.what, what, "{record:?}");
        assert!(encoded.frame(&room(), Dialect::Classic).is_empty());
        for list in
            [list(&room(), [&encoded, &encoded]), page(&[encoded.entry.clone(), encoded.entry.clone()])]
        {
            let Entries::Json(json) = list else { panic!("{list:?}") };
            let entries: Vec<Entry> =
                shared::table::Value::from_json(serde_json::from_str(&json).unwrap(), "messages").unwrap();
            assert_eq!(entries, [entry.clone(), entry.clone()]);
        }
    }
}
