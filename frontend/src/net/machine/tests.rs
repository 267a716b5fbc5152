use super::*;

/// Plays inputs at times; each comes with the effects that it must have, timers left out, and the status after it.
fn play(steps: &[(u64, Input, &[Effect], Status)]) {
    let mut machine = Machine::default();
    for (index, (now, input, effects, status)) in steps.iter().enumerate() {
        let mut seen = machine.step(*input, *now, 0.0);
        seen.retain(|effect| !matches!(effect, Effect::WakeAt(_)));
        assert_eq!((seen.as_slice(), machine.status()), (*effects, *status), "step {index}: {input:?}");
    }
}

const CONNECTING: Status = Status::Connecting;
const LIVE: Status = Status::Live;

fn waiting(until: u64) -> Status {
    Status::Waiting { until }
}

/// The steps to a live connection at time 2.
const TO_LIVE: [(u64, Input, &[Effect], Status); 3] = [
    (0, Input::Start, &[Effect::Connect], CONNECTING),
    (1, Input::Open, &[Effect::Hello], CONNECTING),
    (2, Input::Welcome, &[], LIVE),
];

fn from_live(steps: &[(u64, Input, &[Effect], Status)]) {
    play(&[&TO_LIVE, steps].concat());
}

#[test]
fn a_round_trip_is_measured_soon_and_then_every_25_seconds() {
    from_live(&[
        (1002, Input::Tick, &[Effect::Ping], LIVE),
        (1044, Input::Pong, &[Effect::RoundTrip(42)], LIVE),
        (26_001, Input::Tick, &[], LIVE),
        (26_002, Input::Tick, &[Effect::Ping], LIVE),
        (26_003, Input::Pong, &[Effect::RoundTrip(1)], LIVE),
        (26_004, Input::Pong, &[], LIVE),
    ]);
}

#[test]
fn a_silent_server_is_given_up_and_tried_again() {
    from_live(&[
        (1002, Input::Tick, &[Effect::Ping], LIVE),
        (11_001, Input::Tick, &[], LIVE),
        (11_002, Input::Tick, &[Effect::Drop], waiting(11_502)),
        (11_502, Input::Tick, &[Effect::Connect], CONNECTING),
    ]);
}

#[test]
fn a_server_that_talks_is_not_given_up_for_a_slow_pong() {
    from_live(&[
        (1002, Input::Tick, &[Effect::Ping], LIVE),
        (9000, Input::Frame, &[], LIVE),
        (11_002, Input::Tick, &[], LIVE),
        (12_000, Input::Pong, &[Effect::RoundTrip(10_998)], LIVE),
        (26_002, Input::Tick, &[Effect::Ping], LIVE),
        (27_000, Input::Frame, &[], LIVE),
        (36_999, Input::Tick, &[], LIVE),
        (37_000, Input::Tick, &[Effect::Drop], waiting(37_500)),
    ]);
}

#[test]
fn failures_wait_longer_and_a_settled_connection_makes_up_for_them() {
    let mut machine = Machine::default();
    let mut now = 0;
    machine.step(Input::Start, now, 1.0);
    for wait in [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000] {
        machine.step(Input::Closed(1006), now, 1.0);
        assert_eq!(machine.status(), waiting(now + wait));
        now += wait;
        machine.step(Input::Tick, now, 1.0);
    }
    machine.step(Input::Open, now, 1.0);
    machine.step(Input::Welcome, now, 1.0);
    machine.step(Input::Closed(1006), now + 9999, 1.0);
    assert_eq!(machine.status(), waiting(now + 29_999), "a short life is a failure");
    now += 29_999;
    machine.step(Input::Tick, now, 1.0);
    machine.step(Input::Open, now, 1.0);
    machine.step(Input::Welcome, now, 1.0);
    machine.step(Input::Closed(1006), now + 10_000, 1.0);
    assert_eq!(machine.status(), waiting(now + 11_000));
}

#[test]
fn codes_decide() {
    for (code, status) in [
        (1000, waiting(500 + 20_000)),
        (1006, waiting(500 + 20_000)),
        (1012, waiting(500 + 20_000)),
        (3008, waiting(500 + 20_000)),
        (1009, Status::Ended { code: 1009 }),
        (3501, Status::Ended { code: 3501 }),
    ] {
        from_live(&[(20_000, Input::Closed(code), &[], status), (20_001, Input::Closed(1006), &[], status)]);
    }
    let soon_after_many = |code| {
        let mut machine = Machine { failures: 9, ..Machine::default() };
        machine.step(Input::Start, 0, 1.0);
        machine.step(Input::Closed(code), 0, 1.0);
        machine.status()
    };
    assert_eq!(soon_after_many(1012), waiting(2000));
    assert_eq!(soon_after_many(1006), waiting(20_000));
}

#[test]
fn an_end_is_final_until_a_person_tries() {
    from_live(&[
        (10, Input::Closed(1008), &[], Status::Ended { code: 1008 }),
        (11, Input::Tick, &[], Status::Ended { code: 1008 }),
        (12, Input::Online, &[], Status::Ended { code: 1008 }),
        (13, Input::Visible(100_000), &[], Status::Ended { code: 1008 }),
        (14, Input::Start, &[], Status::Ended { code: 1008 }),
        (15, Input::TryNow, &[Effect::Connect], CONNECTING),
    ]);
}

#[test]
fn sleeping_asks_before_giving_up() {
    from_live(&[
        (1002, Input::Tick, &[Effect::Ping], LIVE),
        // The pong was due at 11 002; the device wakes an hour later.
        (3_600_000, Input::Tick, &[Effect::Ping], LIVE),
        (3_600_050, Input::Pong, &[Effect::RoundTrip(50)], LIVE),
    ]);
    from_live(&[
        (3_600_000, Input::Tick, &[Effect::Ping], LIVE),
        (3_610_000, Input::Tick, &[Effect::Drop], waiting(3_610_500)),
    ]);
    play(&[
        (0, Input::Start, &[Effect::Connect], CONNECTING),
        (3_600_000, Input::Tick, &[Effect::Drop, Effect::Connect], CONNECTING),
    ]);
}

#[test]
fn impatience() {
    play(&[
        (0, Input::Start, &[Effect::Connect], CONNECTING),
        (9_999, Input::Tick, &[], CONNECTING),
        (10_000, Input::Tick, &[Effect::Drop], waiting(10_500)),
        (10_500, Input::Tick, &[Effect::Connect], CONNECTING),
        (10_600, Input::Open, &[Effect::Hello], CONNECTING),
        (20_600, Input::Tick, &[Effect::Drop], waiting(21_100)),
        (20_700, Input::TryNow, &[Effect::Connect], CONNECTING),
        (20_701, Input::TryNow, &[], CONNECTING),
        (20_702, Input::Open, &[Effect::Hello], CONNECTING),
        (20_703, Input::Refused, &[Effect::Drop], waiting(21_203)),
    ]);
}

#[test]
fn the_network_goes_and_comes() {
    from_live(&[
        // It may be wrong about the server on this very device: ask first.
        (50, Input::Offline, &[Effect::Ping], LIVE),
        (60, Input::Pong, &[Effect::RoundTrip(10)], LIVE),
        (70, Input::Offline, &[Effect::Ping], LIVE),
        (10_070, Input::Tick, &[Effect::Drop], Status::Offline),
        (10_570, Input::Tick, &[Effect::Connect], CONNECTING),
        (10_571, Input::Closed(1006), &[], Status::Offline),
        (10_600, Input::Online, &[Effect::Connect], CONNECTING),
        (10_601, Input::Online, &[], CONNECTING),
    ]);
}

#[test]
fn showing_the_page_again() {
    from_live(&[
        (50, Input::Visible(59_999), &[], LIVE),
        (60, Input::Visible(60_000), &[Effect::Ping], LIVE),
        (70, Input::Closed(1006), &[], waiting(570)),
        (80, Input::Visible(59_999), &[], waiting(570)),
        (90, Input::Visible(60_000), &[Effect::Connect], CONNECTING),
    ]);
}

#[test]
fn moving() {
    from_live(&[
        (100, Input::Move(700), &[], LIVE),
        (200, Input::Move(100), &[], LIVE),
        (799, Input::Tick, &[], LIVE),
        (800, Input::Tick, &[Effect::Drop, Effect::Connect], CONNECTING),
    ]);
    from_live(&[
        (100, Input::Move(5000), &[], LIVE),
        (200, Input::Closed(1012), &[], waiting(700)),
        (700, Input::Tick, &[Effect::Connect], CONNECTING),
    ]);
}

#[test]
fn stopping() {
    from_live(&[
        (100, Input::Stop, &[Effect::Drop], Status::Idle),
        (101, Input::Closed(1006), &[], Status::Idle),
        (102, Input::Tick, &[], Status::Idle),
        (103, Input::Start, &[Effect::Connect], CONNECTING),
    ]);
}

#[test]
fn every_phase_that_waits_has_an_alarm() {
    let mut machine = Machine::default();
    for (now, input, wake) in [
        (0, Input::Start, Some(10_000)),
        (1, Input::Open, Some(10_001)),
        (2, Input::Welcome, Some(1002)),
        (1002, Input::Tick, Some(11_002)),
        (1003, Input::Pong, Some(26_002)),
        (1004, Input::Move(1000), Some(2004)),
        (1005, Input::Closed(1012), Some(1505)),
        (1006, Input::Stop, None),
    ] {
        let effects = machine.step(input, now, 0.0);
        let seen = effects.iter().find_map(|effect| match effect {
            Effect::WakeAt(at) => Some(*at),
            _ => None,
        });
        assert_eq!(seen, wake, "{input:?}");
    }
}
