use proptest::prelude::*;

use super::*;

#[test]
fn a_room_keeps_its_hash_tag_whatever_it_is_called() {
    let keys = Keys::new("hubbub:");
    for (room, stream) in [
        ("general", "hubbub:{general}:log"),
        ("a b", "hubbub:{a%20b}:log"),
        ("{}", "hubbub:{%7B%7D}:log"),
        ("a%20b", "hubbub:{a%2520b}:log"),
        ("user:x", "hubbub:{user%3Ax}:log"),
        ("é", "hubbub:{%C3%A9}:log"),
    ] {
        let room = Room::parse(room).unwrap();
        assert_eq!(keys.stream(&room), stream);
        assert_eq!(keys.room_of(stream), Some(room));
    }
    for other in
        ["hubbub:{general}:head", "other:{general}:log", "hubbub:{a b}:log", "hubbub:{}:log", "hubbub:log"]
    {
        assert_eq!(keys.room_of(other), None, "{other}");
    }
    assert_eq!(Keys::new("a*[b]\\?:").streams(), "a\\*\\[b\\]\\\\\\?:{*}:log");
}

#[test]
fn the_keys_of_a_publish_are_spelled_once_for_each_room() {
    let keys = Keys::new("p:");
    let mut cache = KeyCache::new(keys.clone());
    let (room, other) = (Room::parse("a b").unwrap(), Room::parse("c").unwrap());
    let first = cache.of(&room);
    assert!(Arc::ptr_eq(&first, &cache.of(&room)) && !Arc::ptr_eq(&first, &cache.of(&other)));
    assert_eq!((&first.names[0], &first.names[2]), (&keys.stream(&room), &keys.channel(&room)));
    assert_eq!(first.nonce(&"u1".parse().unwrap(), &"n1".parse().unwrap()), "p:{a%20b}:nonce:u1:n1");
    for number in 0..2 * KeyCache::ROOMS {
        cache.of(&Room::parse(&number.to_string()).unwrap());
        assert!(cache.rooms.len() <= KeyCache::ROOMS);
    }
}

proptest! {
    #[test]
    fn two_rooms_never_share_a_key(one in ".{1,20}", other in ".{1,20}") {
        let keys = Keys::new("p:");
        let (a, b) = (Room::parse(&one).unwrap(), Room::parse(&other).unwrap());
        prop_assert_eq!(one == other, keys.channel(&a) == keys.channel(&b));
    }
}
