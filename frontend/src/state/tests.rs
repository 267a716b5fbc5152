mod fake;
mod missing;
#[cfg(not(target_arch = "wasm32"))]
mod once;
mod reading;
mod waiting;

use leptos::prelude::*;
use shared::{
    command,
    error::{ErrorCode, ProtocolError},
    event::{self, Event, Lost, Presence, Renamed, Reply},
    person::Person,
    table::Sparse,
    text::{Name, UserId},
};

use self::fake::{Storage, Tab, at, joined, name_of, nothing_new, page, said, said_by, sent, welcome};
use super::Banner;
use crate::net::{
    handler::Handler as _,
    machine::{Input, Status},
};

const MINUTE: u64 = 60_000;

#[test]
fn a_first_visit() {
    let storage = Storage::default();
    let tab = Tab::open(&storage, "a", "/r/caf%C3%A9", 0);
    assert_eq!(tab.chat.me().get_untracked(), None);
    assert_eq!(tab.chat.current().get_untracked(), None);
    assert!(tab.chat.set_name("  ").is_err());
    assert!(tab.fake.inputs.borrow().is_empty(), "nobody connects without a name");
    tab.chat.set_name(" Ana ").unwrap();
    assert_eq!(tab.fake.inputs.borrow().as_slice(), [Input::Start]);
    assert_eq!(tab.chat.current().get_untracked().unwrap().room().as_str(), "café");
    tab.connect();
    assert_eq!(tab.asked(), ["join café"]);
    tab.joined("café", joined("café", 1..=2, false));
    assert_eq!(tab.rows(), ["bo 1", "bo 2"]);
    assert_eq!(tab.unread("café"), 0);
    assert_eq!(*tab.fake.title.borrow(), "#café · Hubbub");
}

#[test]
fn who_i_am_and_where_survives_a_reload() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 3);
    tab.chat.open_room(&name_of("s"));
    assert_eq!(*tab.fake.address.borrow(), "/r/s");
    tab.joined("s", joined("s", 1..=1, false));
    tab.chat.leaving();
    let again = Tab::open(&storage, "a", "/r/s", 10);
    assert_eq!(again.fake.inputs.borrow().as_slice(), [Input::Start]);
    let hello = shared::command::Command::Hello(command::Hello {
        name: Name::parse("ana").unwrap(),
        token: Some("token of ana".to_owned()),
    });
    assert_eq!(again.chat.hello(), Some(hello));
    again.connect();
    // The open room needs its newest page, the other one only what is new.
    assert_eq!(again.asked(), ["join s", "join r since 3"]);
    again.joined("s", joined("s", 1..=1, false));
    again.joined("r", joined("r", 4..=5, true));
    assert_eq!((again.unread("s"), again.unread("r")), (0, 2));
    assert_eq!(*again.fake.title.borrow(), "(2) #s · Hubbub");
    again.chat.open_room(&name_of("r"));
    assert_eq!(again.rows(), ["since", "bo 4", "bo 5"]);
    assert_eq!(again.asked(), ["history r Before(Position(\"4\"))"]);
    again.answer(page("r", 1..=3, true));
    assert_eq!(again.rows(), ["bo 1", "bo 2", "bo 3", "since", "bo 4", "bo 5"]);
}

#[test]
fn a_room_with_nothing_new_is_filled_when_it_is_opened() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 3);
    tab.chat.leaving();
    let again = Tab::open(&storage, "a", "/r/other", 10);
    again.connect();
    again.joined("other", joined("other", 1..=1, false));
    again.joined("r", nothing_new("r", 3));
    again.chat.open_room(&name_of("r"));
    assert_eq!(again.asked(), ["history r Around(Position(\"3\"))"]);
    again.answer(page("r", 1..=3, false));
    assert_eq!(again.rows(), ["bo 1", "bo 2", "bo 3"]);
    let room = again.chat.current().get_untracked().unwrap();
    assert!(!room.has_newer.get_untracked());
    assert!(!room.has_older.get_untracked());
}

#[test]
fn an_own_message_is_shown_at_once_and_keeps_its_row() {
    for ack_first in [true, false] {
        let storage = Storage::default();
        let tab = Tab::live(&storage, "a", 1);
        tab.chat.send("  hello \n").unwrap();
        assert_eq!(tab.rows(), ["bo 1", "ana   hello Sending"]);
        assert_eq!(tab.asked(), ["send r   hello"]);
        let (key, nonce) = (tab.last_key(), tab.nonce_of("  hello"));
        let echo = said_by(2, "ana", nonce.as_str(), "  hello");
        if ack_first {
            tab.answer(sent("r", 2, false));
            assert_eq!(tab.rows(), ["bo 1", "ana   hello"]);
            assert_eq!(tab.last_key(), key);
            tab.say("r", echo);
        } else {
            tab.say("r", echo);
            assert_eq!(tab.rows(), ["bo 1", "ana   hello"]);
            tab.answer(sent("r", 2, false));
        }
        assert_eq!(tab.rows(), ["bo 1", "ana   hello"]);
        assert_eq!(tab.last_key(), key);
        assert_eq!(tab.chat.waiting().get_untracked(), 0);
        assert!(!storage.borrow().keys().any(|key| key.starts_with("hubbub.outbox.")));
    }
}

#[test]
fn nothing_but_white_space_is_not_sent_and_too_much_is_refused() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.send(" \n ").unwrap();
    assert!(tab.chat.send(&"x".repeat(16 * 1024 + 1)).is_err());
    assert_eq!(tab.rows(), ["bo 1"]);
}

#[test]
fn coming_back_goes_on_where_it_stopped_and_tells_so() {
    let tab = Tab::live(&Storage::default(), "a", 3);
    tab.chat.set_at_end(true);
    tab.cut();
    tab.pass(4900);
    assert_eq!(tab.chat.banner().get_untracked(), None);
    tab.pass(200);
    assert_eq!(tab.chat.banner().get_untracked(), Some(Banner::Reconnecting { seconds: Some(15) }));
    assert_eq!(tab.chat.announcement().get_untracked(), "Connection lost");
    tab.pass(10_000);
    assert_eq!(tab.chat.banner().get_untracked(), Some(Banner::Reconnecting { seconds: Some(5) }));
    tab.connect();
    assert_eq!(tab.asked(), ["join r since 3"]);
    tab.joined("r", joined("r", 4..=15, true));
    assert_eq!(tab.chat.banner().get_untracked(), Some(Banner::Back { missed: 12 }));
    assert_eq!(tab.rows().len(), 15, "{:?}", tab.rows());
    tab.pass(2100);
    assert_eq!(tab.chat.banner().get_untracked(), None);

    tab.cut();
    tab.connect();
    tab.joined("r", joined("r", 100..=101, false));
    assert_eq!(tab.rows()[14..], ["bo 15", "hole", "bo 100", "bo 101"]);
    tab.event(Event::Lost(Lost { room: name_of("r"), after: at(50), through: at(101) }));
    assert_eq!(tab.rows()[17..], ["bo 101", "lost"]);
}

#[test]
fn a_hole_in_the_events_is_filled_before_anything_is_shown() {
    let tab = Tab::live(&Storage::default(), "a", 3);
    tab.say("r", said(5));
    tab.say("r", said(6));
    assert_eq!(tab.rows(), ["bo 1", "bo 2", "bo 3"]);
    assert_eq!(tab.asked(), ["join r since 3"]);
    tab.joined("r", joined("r", 4..=6, true));
    tab.say("r", said(7));
    assert_eq!(tab.rows(), ["bo 1", "bo 2", "bo 3", "bo 4", "bo 5", "bo 6", "bo 7"]);
}

#[test]
fn a_step_back_shows_the_room_before() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.open_room(&name_of("s"));
    "/r/r".clone_into(&mut tab.fake.address.borrow_mut());
    tab.chat.address_changed();
    assert_eq!(tab.rows(), ["bo 1"]);
    "/nowhere".clone_into(&mut tab.fake.address.borrow_mut());
    tab.chat.address_changed();
    assert_eq!(tab.chat.current().get_untracked(), None);
}

#[test]
fn leaving_rooms() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 1);
    tab.chat.open_room(&name_of("s"));
    tab.joined("s", joined("s", 1..=1, false));
    tab.chat.leave_room(&name_of("s"));
    assert_eq!(tab.asked(), ["leave s"]);
    assert_eq!(*tab.fake.address.borrow(), "/r/r");
    assert_eq!(tab.rows(), ["bo 1"]);
    tab.chat.leave_room(&name_of("r"));
    assert_eq!(tab.chat.current().get_untracked(), None);
    assert_eq!(tab.chat.rooms().get_untracked(), []);
    tab.chat.leaving();
    assert!(!storage.borrow().keys().any(|key| key.starts_with("hubbub.room.")));
}

#[test]
fn drafts_are_kept_per_room() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 1);
    tab.chat.set_draft("half a sent");
    tab.pass(400);
    assert!(!storage.borrow().contains_key("hubbub.draft.r"));
    tab.pass(200);
    assert_eq!(storage.borrow()["hubbub.draft.r"], "half a sent");
    tab.chat.set_draft("half a sentence");
    tab.chat.open_room(&name_of("s"));
    assert_eq!(storage.borrow()["hubbub.draft.r"], "half a sentence");
    assert_eq!(tab.chat.current().get_untracked().unwrap().draft.get_untracked(), "");
    let again = Tab::open(&storage, "a", "/r/r", 10);
    assert_eq!(again.chat.current().get_untracked().unwrap().draft.get_untracked(), "half a sentence");
    again.chat.send("whole sentence").unwrap();
    again.pass(600);
    assert!(!storage.borrow().contains_key("hubbub.draft.r"));
}

#[test]
fn a_room_that_does_not_let_me_in_says_so_and_is_asked_again_when_that_helps() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.open_room(&name_of("s"));
    let wait =
        ProtocolError { retry_after_ms: Some(9000), ..ProtocolError::new(ErrorCode::TooManyNewRooms, "") };
    tab.answer(Reply::Error(wait));
    let room = tab.chat.current().get_untracked().unwrap();
    assert_eq!(room.refused.get_untracked(), Some(ErrorCode::TooManyNewRooms));
    tab.pass(9100);
    assert_eq!(tab.asked(), ["join s"]);
    tab.answer(Reply::Error(ProtocolError::new(ErrorCode::NotAllowed, "")));
    tab.pass(MINUTE);
    assert_eq!(tab.asked(), [""; 0]);
    assert_eq!(room.refused.get_untracked(), Some(ErrorCode::NotAllowed));
}

#[test]
fn people_come_and_go() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    let person = |name: &str| Person { id: UserId::parse(name).unwrap(), name: Name::parse(name).unwrap() };
    let room = tab.chat.current().get_untracked().unwrap();
    let names = || -> Vec<String> {
        room.people.get_untracked().iter().map(|person| person.name.to_string()).collect()
    };
    let presence = |here, came, went| {
        tab.event(Event::Presence(Presence {
            room: name_of("r"),
            here,
            came: Sparse(came),
            went: Sparse(went),
        }));
    };
    presence(3, vec![person("cy"), person("Bo"), person("ana")], vec![]);
    assert_eq!(names(), ["ana", "Bo", "cy"]);
    presence(2, vec![Person { name: Name::parse("Zoe").unwrap(), ..person("ana") }], vec![person("cy").id]);
    assert_eq!(names(), ["Bo", "Zoe"]);
    assert_eq!(room.here.get_untracked(), 2);
}

#[test]
fn names() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.chat.rename("Anna").unwrap();
    assert_eq!(tab.asked(), ["rename Anna"]);
    tab.answer(Reply::Renamed(Renamed { name: Name::parse("Anna").unwrap() }));
    assert_eq!(tab.chat.me().get_untracked().unwrap().name.as_str(), "Anna");
    tab.chat.forget_me();
    tab.answer(Reply::Forgotten(welcome("new", "Anna")));
    assert_eq!(tab.chat.me().get_untracked().unwrap().user, UserId::parse("new").ok());
}

#[test]
fn a_name_that_was_chosen_without_a_connection_is_asked_for_later() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    let name = || tab.chat.me().get_untracked().unwrap().name.to_string();
    tab.cut();
    tab.chat.rename("Anna").unwrap();
    assert_eq!((name().as_str(), tab.asked()), ("Anna", vec![]));
    tab.connect();
    assert_eq!(tab.asked(), ["rename Anna", "join r since 1"]);
    assert_eq!(name(), "Anna");
    tab.answer(Reply::Renamed(Renamed { name: Name::parse("Anna").unwrap() }));
    tab.cut();
    tab.connect();
    assert!(tab.asked().iter().all(|asked| asked.starts_with("join")), "it was confirmed");
}

#[test]
fn forgotten_elsewhere() {
    let (storage, forgotten) = (Storage::default(), Status::Ended { code: 3502 });
    let tab = Tab::live(&storage, "a", 1);
    tab.chat.status(forgotten);
    assert_eq!((tab.chat.me().get_untracked(), tab.chat.forgotten().get_untracked()), (None, true));
    assert_eq!(tab.fake.inputs.borrow().last(), Some(&Input::Stop));
    assert_eq!(storage.borrow().get("hubbub.me"), None, "no token is left");
    tab.chat.set_name("Zoe").unwrap();
    assert_eq!(tab.fake.inputs.borrow().last(), Some(&Input::Start));
    assert_eq!(tab.chat.me().get_untracked().unwrap().user, None, "somebody new");

    // Another tab asked for it and goes on as a new guest, and so does this one.
    let tab = Tab::live(&storage, "b", 1);
    let new = r#"{"name":"Ana","user":"new","token":"t"}"#;
    storage.borrow_mut().insert("hubbub.me".to_owned(), new.to_owned());
    tab.chat.status(forgotten);
    assert_eq!(tab.chat.me().get_untracked().unwrap().user, UserId::parse("new").ok());
    assert_eq!(tab.fake.inputs.borrow().last(), Some(&Input::TryNow));
}

#[test]
fn the_node_has_its_say() {
    let tab = Tab::live(&Storage::default(), "a", 1);
    tab.event(Event::Status(event::Status { ready: false }));
    assert_eq!(tab.chat.banner().get_untracked(), Some(Banner::Delayed));
    assert!(!tab.chat.link().get_untracked().ready);
    tab.event(Event::Status(event::Status { ready: true }));
    assert_eq!(tab.chat.banner().get_untracked(), None);
    tab.event(Event::Move(event::Move { after_ms: 700 }));
    assert_eq!(tab.fake.inputs.borrow().last(), Some(&Input::Move(700)));
    tab.chat.round_trip(42);
    assert_eq!(tab.chat.link().get_untracked().round_trip_ms, Some(42));
    tab.chat.status(Status::Ended { code: 3501 });
    assert_eq!(tab.chat.banner().get_untracked(), Some(Banner::Ended));
    tab.chat.try_now();
    assert_eq!(tab.fake.inputs.borrow().last(), Some(&Input::TryNow));
}

#[test]
fn scrolling_asks_for_pages_once() {
    let storage = Storage::default();
    let tab = Tab::open(&storage, "a", "/r/r", 0);
    tab.chat.set_name("ana").unwrap();
    tab.connect();
    tab.joined("r", joined("r", 951..=1000, false));
    let room = tab.chat.current().get_untracked().unwrap();
    for start in [901_u64, 851, 801, 751, 701, 651, 601] {
        tab.chat.load_older();
        tab.chat.load_older();
        assert_eq!(tab.asked(), [format!("history r Before(Position(\"{}\"))", start + 50)]);
        assert!(room.loading_older.get_untracked());
        tab.answer(page("r", start..=start + 49, true));
        assert!(!room.loading_older.get_untracked());
    }
    assert!(room.has_newer.get_untracked());
    assert_eq!(tab.rows().first().unwrap(), "bo 601");
    assert!(tab.rows().len() <= 320);
    tab.say("r", said(1001));
    tab.chat.load_newer();
    let last = tab.rows().last().unwrap().replace("bo ", "");
    if tab.asked().is_empty() {
        assert_eq!(last, "1001", "what is known needs no asking");
    } else {
        let last: u64 = last.parse().unwrap();
        tab.answer(page("r", last + 1..=last + 50, true));
    }
    tab.chat.jump_to_newest();
    assert_eq!(tab.rows().last().unwrap(), "bo 1001");
    assert!(!room.has_newer.get_untracked());
}

#[test]
fn five_hundred_rooms() {
    let storage = Storage::default();
    let tab = Tab::live(&storage, "a", 1);
    for n in 0..499 {
        let room = format!("room{n}");
        tab.chat.open_room(&name_of(&room));
        tab.joined(&room, joined(&room, 1..=1, false));
    }
    tab.chat.leaving();
    let again = Tab::open(&storage, "a", "/r/r", 10);
    again.connect();
    assert_eq!(again.asked().len(), 500);
    assert_eq!(again.chat.rooms().get_untracked().len(), 500);
}
