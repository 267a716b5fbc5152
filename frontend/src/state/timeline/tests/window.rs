//! What is kept of a long history, and moving about in it.

use super::*;

#[test]
fn the_window_is_cut_at_the_beginning_while_the_reader_is_at_the_end() {
    let mut timeline = entered(1..=10);
    timeline.set_at_end(true);
    for n in 11..=320 {
        arrive(&mut timeline, said(n, "bo", n * 1000));
    }
    assert_eq!(span(&timeline), "1..320");
    assert!(!timeline.has_older());
    arrive(&mut timeline, said(321, "bo", 321_000));
    assert_eq!(span(&timeline), "22..321");
    assert!(timeline.has_older());
    assert!(!timeline.has_newer());
    timeline.rest();
    assert_eq!(span(&timeline), "222..321");
}

#[test]
fn what_is_being_read_is_never_taken_away() {
    let mut timeline = entered(1..=10);
    timeline.set_at_end(false);
    for n in 11..=500 {
        assert_eq!(arrive(&mut timeline, said(n, "bo", n * 1000)), Arrival::New);
    }
    assert_eq!(span(&timeline), "1..320");
    assert!(timeline.has_newer());
    assert_eq!(timeline.head(), Some(&position(500)));
    timeline.rest();
    assert_eq!(span(&timeline), "1..320");
    write(&mut timeline, "mine");
    assert_eq!(span(&timeline), "1..320", "an own message stands below the newest");
    assert!(timeline.jump_to_newest());
    assert_eq!(span(&timeline), "401..500 mine");
    assert!(timeline.has_older());
    assert!(!timeline.jump_to_newest());
}

#[test]
fn scrolling_up_and_down_through_ten_thousand_messages() {
    let mut timeline = entered(9951..=10_000);
    let keys_of =
        |timeline: &Timeline| -> Vec<RowKey> { rows(timeline).into_iter().map(|(key, _)| key).collect() };
    while timeline.has_older() {
        let anchor = timeline.oldest().unwrap().clone();
        let first: u64 = anchor.as_str().parse().unwrap();
        let start = first.saturating_sub(50).max(1);
        let before = keys_of(&timeline);
        timeline.older_page(page(run(start..=first - 1), start > 1, true, true), &anchor, None);
        let after = keys_of(&timeline);
        assert!(after.len() <= WINDOW + SLACK + 1);
        assert_eq!(timeline.oldest(), Some(&position(start)));
        assert!(
            before.iter().take(200).filter(|key| after.contains(key)).count() >= before.len().min(200) - 1
        );
    }
    assert!(timeline.has_newer());
    assert_eq!(timeline.oldest(), Some(&position(1)));
    // Meanwhile people go on talking.
    for n in 10_001..=10_050 {
        arrive(&mut timeline, said(n, "bo", n * 1000));
    }
    while timeline.has_newer() {
        if timeline.newer_from_tail() {
            break;
        }
        let anchor = timeline.newest().unwrap().clone();
        let last: u64 = anchor.as_str().parse().unwrap();
        let end = (last + 50).min(10_050);
        timeline.newer_page(page(run(last + 1..=end), true, end < 10_050, true), &anchor, None);
        assert!(rows(&timeline).len() <= WINDOW + SLACK + 1);
    }
    assert_eq!(timeline.newest(), Some(&position(10_050)));
    let shown = span(&timeline);
    assert!(!shown.contains(' '), "one run without a hole: {shown}");
    assert!(timeline.has_older());
}

#[test]
fn pages_that_come_too_late_or_find_nothing() {
    let mut timeline = entered(51..=60);
    timeline.older_page(page(run(1..=10), false, true, true), &position(11), None);
    assert_eq!(span(&timeline), "51..60", "asked for another window");
    timeline.newer_page(page(run(61..=70), true, false, true), &position(60), None);
    assert_eq!(span(&timeline), "51..60", "the window reaches the newest");
    timeline.older_page(page(run(41..=50), true, true, false), &position(51), None);
    assert_eq!(span(&timeline), "51..60", "what is asked for is gone");
    assert!(!timeline.has_older());
}

#[test]
fn jumping_into_the_history_and_back() {
    let mut timeline = entered(951..=1000);
    timeline.around_page(page(run(101..=150), true, true, true), None);
    assert_eq!(span(&timeline), "101..150");
    assert!(timeline.has_older() && timeline.has_newer());
    assert!(!timeline.newer_from_tail());
    arrive(&mut timeline, said(1001, "cy", 0));
    timeline.around_page(page(run(930..=960), true, true, true), None);
    assert_eq!(span(&timeline), "930..1001", "it overlaps with the newest");
    assert!(!timeline.has_newer());
    timeline.around_page(page(run(101..=150), true, true, true), None);
    timeline.jump_to_newest();
    assert_eq!(span(&timeline), "930..1001");
}

#[test]
fn a_position_that_is_gone_while_scrolling_down_is_a_break() {
    let mut timeline = entered(951..=1000);
    timeline.around_page(page(run(101..=150), true, true, true), None);
    timeline.newer_page(page(run(951..=1000), true, false, false), &position(150), None);
    assert_eq!(span(&timeline), "101..150 lost 951..1000");
    assert!(!timeline.has_newer());
}

#[test]
fn a_break_heals_when_the_history_above_it_is_loaded() {
    let mut timeline = entered(1..=2);
    timeline.set_at_end(true);
    timeline.joined(joined(run(10..=330), position(330), false, true), None);
    // The break has become the first row or was cut; either way the page before it fits.
    let anchor = timeline.oldest().unwrap().clone();
    let first: u64 = anchor.as_str().parse().unwrap();
    timeline.older_page(page(run(1..=first - 1), false, true, true), &anchor, None);
    let shown = span(&timeline);
    assert!(shown.starts_with("1..") && !shown.contains("hole"), "{shown}");
}

#[test]
fn a_resume_while_reading_old_messages_goes_on_in_the_tail() {
    let mut timeline = entered(951..=1000);
    timeline.around_page(page(run(101..=150), true, true, true), None);
    timeline.joined(joined(run(1001..=1200), position(1200), true, true), None);
    assert_eq!(span(&timeline), "101..150");
    timeline.jump_to_newest();
    assert_eq!(span(&timeline), "1101..1200");
}

#[test]
fn what_was_acknowledged_and_lost_does_not_stay_below_everything() {
    for resumed in [true, false] {
        let mut timeline = entered(1..=3);
        write(&mut timeline, "one");
        timeline.stored(&nonce("one"), position(4));
        assert_eq!(span(&timeline), "1..3 one");
        if resumed {
            timeline.joined(joined(Vec::new(), position(3), true, true), Some(&user("ana")));
            assert_eq!(span(&timeline), "1..3");
        } else {
            timeline.lost(position(3));
            assert_eq!(span(&timeline), "1..3 lost");
        }
    }
}
