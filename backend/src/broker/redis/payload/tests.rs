use proptest::{collection::vec, prelude::*};

use super::*;

/// As the publish script writes it.
fn written(entries: &[StoredEntry]) -> Bytes {
    let mut payload = b"1e".to_vec();
    for entry in entries {
        let StoredEntry { position, prev, n, record, change } = entry;
        let cut = change.as_ref().map(|_| format!(" {}", record.wire().len())).unwrap_or_default();
        payload.extend_from_slice(format!("{position} {prev} {n} {}{cut}\n", entry.bytes()).as_bytes());
        payload.extend_from_slice(record.wire());
        payload.extend_from_slice(change.as_ref().map_or(&[], |change| change.record.wire()));
    }
    payload.into()
}

fn entry() -> impl Strategy<Value = StoredEntry> {
    (
        "[0-9]{1,13}-[0-9]{1,6}\\.[A-Za-z0-9_-]{1,4}",
        "0|[0-9]{1,13}-0\\.[a-z]{4}",
        any::<u64>(),
        vec(any::<u8>(), 0..80),
        proptest::option::of(vec(any::<u8>(), 0..80)),
    )
        .prop_map(|(position, prev, n, record, change)| {
            let (position, prev) = (Position::parse(&position).unwrap(), Position::parse(&prev).unwrap());
            let change =
                change.map(|record| Change { position: prev.clone(), record: Record::parse(record.into()) });
            let record = match &change {
                Some(change) => Record::parse(format!("a{} {{}}", change.position).into()),
                None => Record::parse(record.into()),
            };
            StoredEntry { position, prev, n, record, change }
        })
}

proptest! {
    #[test]
    fn entries_come_back_as_they_were_written(entries in vec(entry(), 1..6)) {
        prop_assert_eq!(parse(&written(&entries)), Payload::Entries(entries));
    }

    #[test]
    fn a_cut_payload_is_damaged_or_shorter_never_wrong(entries in vec(entry(), 1..4), cut in 0.0..1.0) {
        let whole = written(&entries);
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short test payload")]
        let cut = (whole.len() as f64 * cut) as usize;
        match parse(&whole.slice(..cut)) {
            Payload::Entries(some) => prop_assert!(entries.starts_with(&some)),
            Payload::Damaged => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn anything_at_all_is_taken_apart_without_a_panic(bytes in vec(any::<u8>(), 0..64)) {
        parse(&bytes.clone().into());
        parse(&[b"1e".to_vec(), bytes].concat().into());
    }
}

#[test]
fn kinds() {
    for (payload, meaning) in [
        ("", Payload::Damaged),
        ("1", Payload::Damaged),
        ("1e", Payload::Damaged),
        ("1p17", Payload::Probe(17)),
        ("1px", Payload::Damaged),
        ("1t", Payload::Broadcast(Bytes::new())),
        ("1tx y", Payload::Broadcast(Bytes::from_static(b"x y"))),
        ("1z…", Payload::Unknown),
        ("2e1-1.a 0 1 0\n", Payload::Unknown),
        ("1e1-1.a 0 1 2\n{", Payload::Damaged),
        ("1e1-1.a 0 1\n", Payload::Damaged),
        ("1e1-1.a 0 1 99999999999999999999\n", Payload::Damaged),
    ] {
        assert_eq!(parse(&Bytes::from(payload)), meaning, "{payload:?}");
    }
    assert_eq!(parse(&broadcast(b"x")), Payload::Broadcast(Bytes::from_static(b"x")));
    assert_eq!(parse(&probe(3).into()), Payload::Probe(3));
}

#[test]
fn words_that_a_later_version_adds_are_skipped() {
    for payload in ["1e1-1.a 0 1 2 new\n{}", "1e1-1.a 0 1 2 2 new\n{}", "1e1-1.a 0 1 2 99\n{}"] {
        let Payload::Entries(entries) = parse(&Bytes::from(payload)) else { panic!("{payload}") };
        assert_eq!((entries[0].record.wire(), &entries[0].change), (&Bytes::from_static(b"{}"), &None));
    }
}
