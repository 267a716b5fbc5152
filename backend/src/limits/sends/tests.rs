use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Ten messages and 1 000 bytes at once for a person, twenty and 2 000 for an address.
fn sends() -> Sends {
    let pace = |times: u32| SendPace {
        messages: Pace::per_second(10 * times, 1),
        bytes: Pace::per_second(1000 * times, 100),
    };
    Sends::new(SendLimits { person: pace(1), address: pace(2), ipv6_bits: 64 })
}

struct From<'a>(&'a Sends, &'a str, &'a str);

impl From<'_> {
    fn send(&self, room: &str, bytes: usize, now: Instant) -> Result<(), Duration> {
        let Self(sends, person, address) = *self;
        sends.take(&person.parse().unwrap(), address.parse().unwrap(), &room.parse().unwrap(), bytes, now)
    }

    /// How many of these go through at once.
    fn burst(&self, room: &str, bytes: usize, now: Instant) -> usize {
        (0..1000).take_while(|_| self.send(room, bytes, now).is_ok()).count()
    }
}

#[test]
fn sends_are_paced_by_person_and_by_address() {
    let (sends, now) = (sends(), Instant::now());
    let far = "192.0.2.1";
    assert_eq!(From(&sends, "u1", far).burst("a", 1, now), 10);
    assert_eq!(From(&sends, "u1", "192.0.2.9").burst("a", 1, now), 0, "a person takes the pace along");
    assert_eq!(From(&sends, "u1", far).burst("b", 1, now), 10, "rooms are apart");
    assert_eq!(From(&sends, "u2", far).burst("a", 1, now), 10);
    assert_eq!(From(&sends, "u3", far).burst("a", 1, now), 0, "new names do not help");
    assert_eq!(From(&sends, "u4", "192.0.2.2").burst("a", 1, now), 10, "others are not disturbed");
    assert_eq!(From(&sends, "u1", far).send("a", 1, now), Err(SECOND));
    assert_eq!(From(&sends, "u1", far).send("a", 1, now + SECOND), Ok(()));
}

#[test]
fn stored_bytes_are_paced_too() {
    let (sends, now) = (sends(), Instant::now());
    let ana = From(&sends, "u1", "192.0.2.1");
    assert_eq!(ana.burst("a", 400, now), 2);
    assert_eq!(ana.send("a", 400, now), Err(2 * SECOND));
    assert_eq!(ana.send("a", 200, now), Ok(()), "what is small still goes");
}

#[test]
fn all_rooms_of_an_address_are_paced_together() {
    let (sends, now) = (sends(), Instant::now());
    let network = |room: usize| format!("2001:db8::{room:x}");
    let all: usize = (0..100)
        .map(|room| From(&sends, &format!("u{room}"), &network(room)).burst(&format!("r{room}"), 1, now))
        .sum();
    assert_eq!(all, 20 * ROOMS as usize);
}

#[test]
fn loopback_sends_as_it_likes() {
    let (sends, now) = (sends(), Instant::now());
    assert_eq!(From(&sends, "u1", "127.0.0.1").burst("a", 10_000, now), 1000);
    assert_eq!(From(&sends, "u1", "::1").burst("a", 10_000, now), 1000);
}

#[test]
fn a_refusal_takes_nothing() {
    let (sends, now) = (sends(), Instant::now());
    let ana = From(&sends, "u1", "192.0.2.1");
    assert_eq!(ana.burst("a", 1, now), 10);
    for _ in 0..1000 {
        assert!(ana.send("a", 1, now).is_err());
    }
    assert_eq!(From(&sends, "u2", "192.0.2.1").burst("a", 1, now), 10);
}
