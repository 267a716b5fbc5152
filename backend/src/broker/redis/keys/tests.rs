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

proptest! {
    #[test]
    fn two_rooms_never_share_a_key(one in ".{1,20}", other in ".{1,20}") {
        let keys = Keys::new("p:");
        let (a, b) = (Room::parse(&one).unwrap(), Room::parse(&other).unwrap());
        prop_assert_eq!(one == other, keys.channel(&a) == keys.channel(&b));
    }
}
