//! Read state and announcements.

use super::*;

#[test]
fn reading() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.set_at_end(true);
    tab.pass(2000);
    tab.say("r", said(2));
    assert_eq!(tab.unread("r"), 0, "the end was looked at for long");

    // The person is away: the line stands above the first new message and stays there.
    tab.look(false);
    tab.say("r", said(3));
    tab.say("r", said(4));
    assert_eq!(tab.unread("r"), 2);
    assert_eq!(*tab.fake.title.borrow(), "(2) #r · Hubbub");
    assert_eq!(tab.rows(), ["bo 1", "bo 2", "since", "bo 3", "bo 4"]);
    tab.look(true);
    tab.pass(1400);
    assert_eq!(tab.unread("r"), 2);
    tab.pass(200);
    assert_eq!(tab.unread("r"), 0);
    assert_eq!(tab.rows()[2], "since", "it stays for the visit");
    tab.chat.mark_read();
    assert_eq!(tab.rows(), ["bo 1", "bo 2", "bo 3", "bo 4"]);

    // The reader scrolled up: the pill counts.
    tab.chat.set_at_end(false);
    tab.say("r", said(5));
    let room = tab.chat.current().get_untracked().unwrap();
    assert_eq!((tab.unread("r"), room.below.get_untracked()), (1, 1));
    tab.chat.set_at_end(true);
    assert_eq!(room.below.get_untracked(), 0);
    tab.chat.send("mine").unwrap();
    assert_eq!(tab.unread("r"), 0);
}

#[test]
fn rooms_in_the_background_count_and_show_the_line_when_opened() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.open_room(&name_of("s"));
    tab.joined("s", joined("s", 1..=60, false));
    tab.chat.open_room(&name_of("r"));
    tab.say("s", said(61));
    tab.say("s", said_by(62, "ana", "elsewhere", "mine"));
    tab.say("s", said(63));
    assert_eq!(tab.unread("s"), 1, "what I said elsewhere I have read");
    assert_eq!(tab.rows(), ["bo 1"]);
    tab.chat.open_room(&name_of("s"));
    assert_eq!(tab.rows()[60..], ["bo 61", "ana mine", "since", "bo 63"]);
    assert_eq!(tab.asked(), [""; 0], "enough is there to show");
}

#[test]
fn messages_are_read_out_but_not_my_own() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.say("r", said(2));
    assert_eq!(tab.chat.announcement().get_untracked(), "bo: 2");
    tab.say("r", said_by(3, "ana", "elsewhere", "mine"));
    assert_eq!(tab.chat.announcement().get_untracked(), "bo: 2");
    (4..=9).for_each(|n| tab.say("r", said(n)));
    assert_eq!(tab.chat.announcement().get_untracked(), "bo: 5");
    tab.pass(2100);
    assert_eq!(tab.chat.announcement().get_untracked(), "4 new messages in r");
    tab.chat.announce("Copied");
    tab.chat.announce("Copied");
    assert_eq!(tab.chat.announcement().get_untracked(), "Copied\u{a0}");
}
