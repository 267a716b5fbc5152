use super::*;

#[test]
fn keys_tell_room_sender_and_nonce_apart() {
    let nonces = Nonces::default();
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
    let mut nonces = Nonces::default();
    for number in 1..=4 {
        nonces.insert(u128::from(number), number);
    }
    nonces.withdraw(1);
    assert_eq!((nonces.get(3), nonces.get(4)), (Some(3), None));
    nonces.expire(Instant::now());
    assert_eq!(nonces.len(), 3);
    nonces.expire(Instant::now() + NONCE_WINDOW);
    assert_eq!((nonces.len(), nonces.get(1)), (0, None));
}
