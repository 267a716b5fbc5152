use super::*;
use crate::broker::embedded::{disk::Disk, tables::ENTRIES};

#[test]
fn keys_tell_room_sender_and_nonce_apart() {
    let nonces = Nonces::new(0);
    let keys = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("a", "c", "b")];
    for (at, (room, sender, nonce)) in keys.iter().enumerate() {
        for (other, (room2, sender2, nonce2)) in keys.iter().enumerate() {
            let same = nonces.key(room, sender, nonce) == nonces.key(room2, sender2, nonce2);
            assert_eq!(same, at == other);
        }
    }
}

#[test]
fn expire_and_withdraw() {
    let mut nonces = Nonces::new(0);
    for number in 1..=3 {
        nonces.insert(u128::from(number), number);
    }
    nonces.begin();
    nonces.insert(4, 4);
    nonces.insert(3, 5);
    nonces.withdraw();
    assert_eq!((nonces.get(3), nonces.get(4)), (Some(3), None), "what was known before stays");
    nonces.expire(Instant::now() + NONCE_WINDOW.checked_sub(Duration::from_secs(1)).unwrap());
    assert_eq!(nonces.len(), 3);
    nonces.expire(Instant::now() + NONCE_WINDOW + Duration::from_secs(2));
    assert_eq!((nonces.len(), nonces.get(1)), (0, None));
}

#[test]
fn a_room_is_read_once_and_only_what_is_within_the_window() {
    const NOW: u64 = 10_000_000_000;
    let disk = Disk::open(None, true, 1024 * 1024).unwrap();
    let room = Room::parse("a").unwrap();
    let head = RoomHead { next: 5, stored: NOW, ..RoomHead::default() };
    let transaction = disk.begin_write().unwrap();
    let mut entries = transaction.open_table(ENTRIES).unwrap();
    for (number, age_s) in [(1, 700), (2, 601), (3, 599), (4, 0)] {
        let nonce = format!("n{number}");
        let row = (NOW - age_s * 1_000, number, "", "ana", nonce.as_str(), b"".as_slice());
        entries.insert(("a", number), row).unwrap();
    }
    let mut nonces = Nonces::new(NOW);
    assert!(nonces.is_unread(&room));
    nonces.read(&room, &head, &entries).unwrap();
    let get = |nonces: &Nonces, nonce| nonces.get(nonces.key("a", "ana", nonce));
    assert_eq!(["n1", "n2", "n3", "n4"].map(|nonce| get(&nonces, nonce)), [None, None, Some(3), Some(4)]);
    assert!(!nonces.is_unread(&room) && nonces.is_unread(&Room::parse("b").unwrap()));
    // Each lasts for what was left of its window.
    nonces.expire(Instant::now() + Duration::from_secs(5));
    assert_eq!((get(&nonces, "n3"), get(&nonces, "n4")), (None, Some(4)));

    nonces.doubt(NOW);
    assert!(nonces.is_unread(&room));
    nonces.read(&room, &head, &entries).unwrap();
    assert_eq!(get(&nonces, "n3"), Some(3));
    // What was stored before the start is past the window in the end: no room needs reading.
    nonces.expire(Instant::now() + NONCE_WINDOW + Duration::from_secs(2));
    assert!(!nonces.is_unread(&room) && !nonces.is_unread(&Room::parse("b").unwrap()));
    assert_eq!(nonces.len(), 0);
}
