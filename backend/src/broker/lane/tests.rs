use proptest::prelude::*;
use shared::text::Position;

use super::*;
use crate::broker::Record;

fn room(number: u8) -> Room {
    Room::parse(&format!("r{number}")).unwrap()
}

fn entry(number: u64) -> StoredEntry {
    let position = Position::parse(&number.to_string()).unwrap();
    StoredEntry {
        position: position.clone(),
        prev: position,
        n: number,
        record: Record::parse(Bytes::from_static(b"m")),
        change: None,
    }
}

#[tokio::test]
async fn a_waiting_reader_is_woken() {
    let lane = Lane::new(1 << 20);
    let push = async { lane.push(Event::Broadcast(room(1), Bytes::new())) };
    let (event, ()) = tokio::join!(lane.next(), push);
    assert_eq!(event, Event::Broadcast(room(1), Bytes::new()));
}

#[test]
fn a_full_lane_tells_the_gap_once_and_behind_what_it_holds() {
    let lane = Lane::new(300);
    for number in 1..=5 {
        lane.push(Event::Entries(room(1), vec![entry(number)]));
    }
    assert_eq!(lane.pop(), Some(Event::Entries(room(1), vec![entry(1)])));
    assert_eq!(lane.pop(), Some(Event::Entries(room(1), vec![entry(2)])));
    assert_eq!(lane.pop(), Some(Event::Gapped(room(1))));
    assert_eq!(lane.pop(), None);
    lane.push(Event::Entries(room(1), vec![entry(6)]));
    assert_eq!(lane.pop(), Some(Event::Entries(room(1), vec![entry(6)])));
    assert_eq!(lane.dropped.load(Ordering::Relaxed), 3);
}

#[test]
fn what_is_told_to_all_is_missed_by_its_own_mark() {
    let lane = Lane::new(100);
    for _ in 0..3 {
        lane.push(Event::NodeBroadcast(Bytes::from_static(b"news")));
    }
    lane.push(Event::Entries(room(1), vec![entry(1)]));
    let told = Event::NodeBroadcast(Bytes::from_static(b"news"));
    for wanted in [Some(told.clone()), Some(Event::NodesGapped), Some(Event::Gapped(room(1))), None] {
        assert_eq!(lane.pop(), wanted);
    }
    lane.push(told.clone());
    assert_eq!(lane.pop(), Some(told));
}

proptest! {
    /// Per room: what comes out is what went in, in order, and every hole stands behind a `Gapped` of that room. The
    /// lane never holds more than its limit, nor more than one mark for a room, and everything dropped is counted.
    #[test]
    fn no_silent_hole(
        steps in prop::collection::vec((0u8..3, any::<bool>(), any::<bool>()), 1..200),
        limit in 100usize..2000,
    ) {
        let lane = Lane::new(limit);
        let mut sent = [0u64; 3];
        let mut seen = [0u64; 3];
        let mut gapped = [false; 3];
        let (mut pushed, mut popped) = (0, 0);
        let mut check = |event: Event| {
            let (room, n) = match event {
                Event::Entries(room, entries) => (room, Some(entries[0].n)),
                Event::Broadcast(room, what) => (room, Some(u64::from_le_bytes(what[..].try_into().unwrap()))),
                Event::Gapped(room) => (room, None),
                Event::Presence(..) | Event::NodeBroadcast(_) | Event::NodesGapped => unreachable!(),
            };
            let at = usize::from(room.as_str().as_bytes()[1] - b'0');
            let Some(n) = n else { return gapped[at] = true };
            popped += 1;
            assert!(n > seen[at], "out of order");
            assert!(n == seen[at] + 1 || gapped[at], "silent hole in {room}");
            seen[at] = n;
            gapped[at] = false;
        };
        for (number, told, read) in steps {
            let n = &mut sent[usize::from(number)];
            *n += 1;
            pushed += 1;
            lane.push(if told {
                Event::Broadcast(room(number), Bytes::copy_from_slice(&n.to_le_bytes()))
            } else {
                Event::Entries(room(number), vec![entry(*n)])
            });
            {
                let queue = lane.lock();
                let held: usize = queue.events.iter().filter(|event| !is_mark(event)).map(Event::bytes).sum();
                prop_assert!(held <= limit && queue.bytes == held, "{held} bytes of {limit}, {} counted", queue.bytes);
                prop_assert_eq!(queue.events.iter().filter(|event| is_mark(event)).count(), queue.gapped.len());
            }
            if read && let Some(event) = lane.pop() {
                check(event);
            }
        }
        while let Some(event) = lane.pop() {
            check(event);
        }
        for at in 0..3 {
            prop_assert!(seen[at] == sent[at] || gapped[at], "a hole at the end");
        }
        prop_assert_eq!(popped + lane.dropped.load(Ordering::Relaxed), pushed, "something is not accounted for");
    }
}

fn is_mark(event: &Event) -> bool {
    matches!(event, Event::Gapped(_) | Event::NodesGapped)
}
