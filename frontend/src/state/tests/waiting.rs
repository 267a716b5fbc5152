//! Messages that are not stored yet.

use super::*;

#[test]
fn what_is_written_offline_is_kept_and_sent_once_after_the_resume() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 1);
    tab.chat.send("one").unwrap();
    assert_eq!(tab.asked(), ["send r one"]);
    tab.cut();
    tab.chat.send("two").unwrap();
    tab.chat.send("three").unwrap();
    assert_eq!(tab.rows(), ["bo 1", "ana one Queued", "ana two Queued", "ana three Queued"]);
    assert_eq!(tab.chat.waiting().get_untracked(), 3);

    // The page is reloaded while the message is on its way.
    tab.chat.leaving();
    let nonce = tab.nonce_of("one");
    let tab = Tab::open(&storage, "a", "/r/r", MINUTE);
    assert_eq!(tab.rows(), ["ana one Queued", "ana two Queued", "ana three Queued"]);
    tab.connect();
    assert_eq!(tab.asked(), ["join r"], "first the room");
    // The server had stored the first try.
    let mut answer = joined("r", 1..=1, false);
    answer.entries = vec![said(1), said_by(2, "ana", nonce.as_str(), "one")].into();
    answer.position = at(2);
    tab.joined("r", answer);
    assert_eq!(tab.rows(), ["bo 1", "ana one", "ana two Sending", "ana three Sending"]);
    assert_eq!(tab.asked(), ["send r two"]);
    tab.answer(sent("r", 3, false));
    assert_eq!(tab.asked(), ["send r three"]);
    tab.answer(sent("r", 4, false));
    assert_eq!(tab.rows(), ["bo 1", "ana one", "ana two", "ana three"]);
    assert_eq!(tab.asked(), [""; 0]);
}

#[test]
fn what_was_tried_long_ago_is_not_sent_by_itself() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 1);
    tab.chat.send("one").unwrap();
    tab.cut();
    tab.chat.send("two").unwrap();
    let tab = Tab::open(&storage, "a", "/r/r", 60 * MINUTE);
    tab.connect();
    tab.joined("r", joined("r", 51..=100, false));
    assert_eq!(tab.rows()[50..], ["ana one Unsure", "ana two Sending"]);
    assert_eq!(tab.asked(), ["send r two"]);
    tab.answer(sent("r", 101, false));
    // Scrolling up shows that it was stored.
    let nonce = tab.nonce_of("one");
    tab.chat.load_older();
    let Reply::Page(mut older) = page("r", 1..=49, true) else { unreachable!() };
    let found = said_by(50, "ana", nonce.as_str(), "one");
    older.entries = (1..=49).map(said).chain([found]).collect::<Vec<_>>().into();
    tab.answer(Reply::Page(older));
    assert_eq!(tab.rows()[49], "ana one");
    assert_eq!(tab.rows().len(), 101);
}

#[test]
fn a_failed_message_stays_until_somebody_decides() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 1);
    tab.chat.send("one").unwrap();
    tab.chat.send("two").unwrap();
    tab.answer(Reply::Error(ProtocolError::new(ErrorCode::NotAllowed, "no")));
    assert_eq!(tab.rows()[1..], ["ana one Failed(NotAllowed)", "ana two Sending"]);
    assert_eq!(tab.chat.alarm().get_untracked(), "Message not sent");
    tab.answer(sent("r", 2, false));
    let tab = Tab::open(&storage, "a", "/r/r", MINUTE);
    assert_eq!(tab.rows(), ["ana one Failed(NotAllowed)"]);
    tab.connect();
    tab.joined("r", joined("r", 1..=1, false));
    assert_eq!(tab.asked(), [""; 0]);
    let nonce = tab.nonce_of("one");
    tab.chat.retry(&nonce);
    assert_eq!(tab.asked(), ["send r one"]);
    tab.answer(Reply::Error(ProtocolError::new(ErrorCode::NotAllowed, "no")));
    tab.chat.delete(&nonce);
    assert_eq!(tab.rows(), ["bo 1"]);
    assert_eq!(tab.chat.waiting().get_untracked(), 0);
}

#[test]
fn silence_and_trouble_are_tried_again_with_the_same_nonce() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.send("one").unwrap();
    let first = tab.answer(Reply::Error(ProtocolError::new(ErrorCode::Unavailable, "no")));
    assert_eq!(tab.asked(), [""; 0]);
    tab.pass(600);
    assert_eq!(tab.asked(), ["send r one"]);
    tab.pass(21_000);
    assert_eq!(tab.asked(), ["send r one", "send r one"], "no answer came");
    tab.answer(sent("r", 2, true));
    let again = tab.answer(sent("r", 2, true));
    assert_eq!(first, again);
    assert_eq!(tab.chat.waiting().get_untracked(), 0);
}

#[test]
fn a_tab_takes_over_what_a_closed_one_left() {
    let storage = Storage::default();
    let left = Tab::live(&storage, "a", 1);
    left.cut();
    left.chat.send("left behind").unwrap();
    let tab = Tab::open(&storage, "b", "/r/r", 10);
    tab.connect();
    tab.joined("r", joined("r", 1..=1, false));
    assert_eq!(tab.rows(), ["bo 1"]);
    tab.chat.adopt_outbox("hubbub.outbox.a");
    tab.chat.adopt_outbox("hubbub.outbox.a");
    assert_eq!(tab.rows(), ["bo 1", "ana left behind Queued"]);
    assert!(!storage.borrow().contains_key("hubbub.outbox.a"));
    assert!(storage.borrow().contains_key("hubbub.outbox.b"));
    assert_eq!(tab.asked(), ["join r since 1"]);
    tab.joined("r", nothing_new("r", 1));
    assert_eq!(tab.asked(), ["send r left behind"]);
}
