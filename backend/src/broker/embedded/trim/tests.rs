use std::time::Duration;

use bytes::Bytes;
use shared::text::{Nonce, Position, Room};
use tokio::sync::oneshot;

use super::*;
use crate::broker::{
    Anchor, Draft, Key, Record, Run, Span,
    embedded::{
        commit, history,
        nonces::Nonces,
        queue::{Command, Put},
        tables::position,
    },
};

const DAY: u64 = 24 * 3600 * 1000;

fn say(disk: &Disk, settings: &EmbeddedSettings, name: &str, count: usize, now_ms: u64) {
    let commands: Vec<_> = (0..count)
        .map(|number| Command::Publish {
            room: Room::parse(name).unwrap(),
            draft: Draft {
                sender: "ana".parse().unwrap(),
                nonce: Nonce::parse(&format!("n{now_ms}-{number}")).unwrap(),
                counts: true,
                amends: None,
                rights: 0,
                record: Record::parse(Bytes::from_static(b"z 1")),
            },
            answer: oneshot::channel().0,
        })
        .collect();
    write(disk, settings, &commands, now_ms);
}

fn write(disk: &Disk, settings: &EmbeddedSettings, commands: &[Command], now_ms: u64) {
    let transaction = disk.begin_write().unwrap();
    commit::apply(&transaction, commands, &mut Nonces::new(now_ms), settings, now_ms).unwrap();
    transaction.commit().unwrap();
}

fn head(disk: &Disk, name: &str) -> Option<RoomHead> {
    RoomHead::read(&disk.begin_read().unwrap().open_table(ROOMS).unwrap(), name).unwrap()
}

fn rows(disk: &Disk) -> u64 {
    use redb::ReadableTableMetadata;
    disk.begin_read().unwrap().open_table(ENTRIES).unwrap().len().unwrap()
}

#[test]
fn a_publish_trims_its_room() {
    let disk = Disk::open(None, true, 1024 * 1024).unwrap();
    let settings = EmbeddedSettings { history_max: 100, ..EmbeddedSettings::default() };
    for number in 0..1_000 {
        say(&disk, &settings, "a", 1, 50 * DAY + number * 3_600_000);
    }
    assert!((100..100 + 2 * CHUNK).contains(&rows(&disk)));
    // A batch that is longer than what is kept: its nonces are still wanted.
    say(&disk, &settings, "a", 1_000, 100 * DAY);
    say(&disk, &settings, "a", 1, 100 * DAY + 1_000);
    assert_eq!(rows(&disk), 1_001);
    say(&disk, &settings, "a", 100, 100 * DAY + 700_000);
    assert!((100..100 + CHUNK).contains(&rows(&disk)), "{}", rows(&disk));
    // Old ones go within a chunk of new ones, and the chain goes on.
    for number in 0..CHUNK {
        say(&disk, &settings, "a", 1, 140 * DAY + number);
    }
    let head = head(&disk, "a").unwrap();
    assert_eq!((head.next - 1, head.n), (2_101 + CHUNK, 2_101 + CHUNK));
    assert_eq!(rows(&disk), head.next - head.first);
    assert!(head.next - head.first <= CHUNK);
}

#[test]
fn what_is_young_stays_beyond_the_count() {
    const HOUR: u64 = 3_600_000;
    let disk = Disk::open(None, true, 1024 * 1024).unwrap();
    let settings = EmbeddedSettings {
        history_max: 100,
        history_min_age: Duration::from_millis(HOUR),
        ..EmbeddedSettings::default()
    };
    let kept = |now_ms: u64| {
        let transaction = disk.begin_read().unwrap();
        let head = RoomHead::read(&transaction.open_table(ROOMS).unwrap(), "a").unwrap().unwrap();
        let young_since = settings.young_since(100, now_ms);
        head.next - head.kept(&transaction.open_table(ENTRIES).unwrap(), "a", 100, young_since).unwrap()
    };
    let start = 50 * DAY;
    say(&disk, &settings, "a", 300, start);
    say(&disk, &settings, "a", 300, start + HOUR / 2);
    assert_eq!(kept(start + HOUR / 2), 600);
    assert_eq!(kept(start + HOUR + 1), 300, "those of the second half hour");
    assert_eq!(kept(start + 2 * HOUR), 100, "as many as are kept by count");
    // A flood that nobody would want to keep: ten times as many are, however young.
    for number in 0..20 {
        say(&disk, &settings, "a", 100, start + HOUR + number);
    }
    assert_eq!(kept(start + HOUR + 20), 1_000);
    say(&disk, &settings, "a", 64, start + HOUR + 700_000);
    assert!((1_000..1_000 + 2 * CHUNK).contains(&rows(&disk)), "{}", rows(&disk));
}

#[test]
fn the_sweep_empties_and_forgets_idle_rooms() {
    let disk = Disk::open(None, true, 1024 * 1024).unwrap();
    let settings = EmbeddedSettings::default();
    for number in 0..600 {
        say(&disk, &settings, &format!("r{number}"), 1, 50 * DAY);
    }
    say(&disk, &settings, "long", 200, 50 * DAY);
    say(&disk, &settings, "young", 5, 79 * DAY);
    let mut sweep = Sweep::default();
    let round = |sweep: &mut Sweep, now_ms| {
        let mut steps = 0;
        let mut quiet = 0;
        // Quiet for a whole round: three steps and the turn at the end.
        while quiet < 5 {
            quiet = if sweep.step(&disk, &settings, now_ms).unwrap() { quiet + 1 } else { 0 };
            steps += 1;
            assert!(steps < 100);
        }
    };
    round(&mut sweep, 79 * DAY);
    assert_eq!(rows(&disk), 805);
    round(&mut sweep, 81 * DAY);
    assert_eq!(rows(&disk), 5);
    // The chain of an emptied room goes on where it was.
    assert_eq!(head(&disk, "long").unwrap().next, 201);
    let after = |position: &Position| {
        let span = Span { from: Anchor::After(position.clone()), limit: 5 };
        history::read(&disk.begin_read().unwrap(), &Room::parse("long").unwrap(), &span, &settings).unwrap()
    };
    let end = head(&disk, "long").unwrap().position();
    assert_eq!(after(&end), Run { found: true, ..Run::default() }, "nothing was missed after the last one");
    for other in [Position::start(), position(199, "-198"), position(200, "-198")] {
        assert_eq!(after(&other), Run::default(), "{other}");
    }
    round(&mut sweep, 88 * DAY);
    assert_eq!((head(&disk, "long"), head(&disk, "r0")), (None, None));
    assert!(head(&disk, "young").is_some());
}

#[test]
fn the_sweep_removes_records_that_ended() {
    let disk = Disk::open(None, true, 1024 * 1024).unwrap();
    let settings = EmbeddedSettings::default();
    let put = |name: &str, days| {
        let put = Put {
            key: Key::Person(name.parse().unwrap()),
            expect: None,
            value: Bytes::new(),
            expires: Some(std::time::Duration::from_millis(days * DAY)),
        };
        Command::Put(put, oneshot::channel().0)
    };
    write(&disk, &settings, &[put("short", 1), put("long", 9)], 50 * DAY);
    let mut sweep = Sweep::default();
    assert!(sweep.step(&disk, &settings, 50 * DAY).unwrap());
    assert!(!sweep.step(&disk, &settings, 52 * DAY).unwrap());
    let transaction = disk.begin_read().unwrap();
    let state = transaction.open_table(STATE).unwrap();
    let names: Vec<_> = state.iter().unwrap().map(|row| row.unwrap().0.value().1.to_owned()).collect();
    assert_eq!(names, ["long"]);
}
