//! Every frame of both dialects as it stands on the wire, one file each, checked in both directions.
//!
//! Each `match` below names the file of a variant and has no wildcard, so a new variant does not compile before it has
//! one; [`every_file_is_used`] then asks for a value that leads there. A changed file is a changed protocol:
//! clients and nodes of other versions are out there.

use std::fmt::Debug;

use shared::{
    classic,
    command::{Command, From, Request},
    error::{ErrorCode, ProtocolError},
    event::{Event, Joined, Page, Reply, ServerFrame, Welcome},
    message::{Message, Person, Sender, SenderKind},
    text::{Body, Name, Nonce, Position, Room, UserId},
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Name and content of a file in `wire/`. Each ends with a line feed that is not part of the frame.
struct Golden(&'static str, &'static str);

impl Golden {
    fn frame(&self) -> &'static str {
        self.1.strip_suffix('\n').expect(self.0)
    }
}

macro_rules! golden {
    ($name:literal) => {
        Golden($name, include_str!(concat!("wire/", $name, ".json")))
    };
}

fn command_file(command: &Command) -> Golden {
    match command {
        Command::Hello { token: None, .. } => golden!("command-hello"),
        Command::Hello { token: Some(_), .. } => golden!("command-hello-token"),
        Command::Join { since: None, .. } => golden!("command-join"),
        Command::Join { since: Some(_), .. } => golden!("command-join-since"),
        Command::Leave { .. } => golden!("command-leave"),
        Command::Send { .. } => golden!("command-send"),
        Command::History { from: From::Before(_), .. } => golden!("command-history-before"),
        Command::History { from: From::After(_), .. } => golden!("command-history-after"),
        Command::History { from: From::Around(_), .. } => golden!("command-history-around"),
        Command::Rename { .. } => golden!("command-rename"),
        Command::Forget => golden!("command-forget"),
        Command::Ping => golden!("command-ping"),
    }
}

fn reply_file(reply: &Reply) -> Golden {
    match reply {
        Reply::Welcome(Welcome { refused: None, .. }) => golden!("reply-welcome"),
        Reply::Welcome(Welcome { refused: Some(_), .. }) => golden!("reply-welcome-refused"),
        Reply::Joined(Joined { recovered: true, .. }) => golden!("reply-joined-recovered"),
        Reply::Joined(Joined { recovered: false, .. }) => golden!("reply-joined"),
        Reply::Left { .. } => golden!("reply-left"),
        Reply::Sent { duplicate: false, .. } => golden!("reply-sent"),
        Reply::Sent { duplicate: true, .. } => golden!("reply-sent-duplicate"),
        Reply::Page(Page { found: true, .. }) => golden!("reply-page"),
        Reply::Page(Page { found: false, .. }) => golden!("reply-page-lost"),
        Reply::Renamed { .. } => golden!("reply-renamed"),
        Reply::Forgotten(_) => golden!("reply-forgotten"),
        Reply::Pong => golden!("reply-pong"),
        Reply::Error(ProtocolError { retry_after_ms: None, .. }) => golden!("reply-error"),
        Reply::Error(ProtocolError { retry_after_ms: Some(_), .. }) => golden!("reply-error-retry"),
        Reply::Unknown => golden!("reply-unknown"),
    }
}

fn event_file(event: &Event) -> Golden {
    match event {
        Event::Message { message, .. } => match message.sender.kind {
            SenderKind::Guest => golden!("event-message"),
            SenderKind::Classic => golden!("event-message-classic"),
            SenderKind::Unknown => golden!("event-message-unknown-kind"),
        },
        Event::Lost { .. } => golden!("event-lost"),
        Event::Presence { came, went, .. } if came.is_empty() && went.is_empty() => {
            golden!("event-presence-count")
        }
        Event::Presence { .. } => golden!("event-presence"),
        Event::Move { .. } => golden!("event-move"),
        Event::Status { ready: true } => golden!("event-status-ready"),
        Event::Status { ready: false } => golden!("event-status"),
        Event::Error(ProtocolError { retry_after_ms: None, .. }) => golden!("event-error"),
        Event::Error(ProtocolError { retry_after_ms: Some(_), .. }) => golden!("event-error-retry"),
        Event::Unknown => golden!("event-unknown"),
    }
}

fn classic_file(command: &classic::Command) -> Golden {
    match command {
        classic::Command::Subscribe { .. } => golden!("classic-subscribe"),
        classic::Command::Unsubscribe { .. } => golden!("classic-unsubscribe"),
        classic::Command::Send { .. } => golden!("classic-send"),
    }
}

#[test]
fn commands() {
    for command in all_commands() {
        let golden = command_file(&command);
        let request = Request { id: 7, command };
        both_ways(&golden, &request, &request.encode(), Request::decode(golden.frame()));
    }
}

#[test]
fn replies() {
    for reply in all_replies() {
        let golden = reply_file(&reply);
        let frame = ServerFrame::Reply(7, reply);
        both_ways(&golden, &frame, &frame.encode(), ServerFrame::decode(golden.frame()));
    }
}

#[test]
fn events() {
    for event in all_events() {
        let golden = event_file(&event);
        let frame = ServerFrame::Event(event);
        both_ways(&golden, &frame, &frame.encode(), ServerFrame::decode(golden.frame()));
    }
}

#[test]
fn classic_commands() {
    for command in all_classic() {
        let golden = classic_file(&command);
        let encoded = serde_json::to_string(&command).expect("plain data");
        both_ways(&golden, &command, &encoded, classic::Command::decode(golden.frame()));
    }
}

#[test]
fn classic_frames() {
    let body = serde_json::to_string(&body("hey \"cashing\" ü\u{0}\u{202e}")).expect("a string");
    assert_eq!(classic::frame(&room("room1"), &body), golden!("classic-frame").frame());
    // What a subscriber gets is what a sender says, so the reader of one reads the other.
    let said = classic::Command::decode(golden!("classic-frame").frame()).expect("a command");
    assert_eq!(serde_json::to_string(&said).expect("plain data"), golden!("classic-frame").frame());

    let error = classic::error_frame(&refusal(ErrorCode::MessagesLost, None));
    assert_eq!(error, golden!("classic-error").frame());
    let read: ProtocolError = serde_json::from_str(golden!("classic-error").frame()).expect("an error");
    assert_eq!(read, refusal(ErrorCode::MessagesLost, None));
}

/// What clients ignore, so that old ones live with new nodes.
#[test]
fn unknown_things_are_ignored() {
    for (frame, expected) in [
        (r#"{"type":"typing","room":"a","who":["x"]}"#, ServerFrame::Event(Event::Unknown)),
        (r#"{"id":3,"type":"searched","hits":[{"id":1}]}"#, ServerFrame::Reply(3, Reply::Unknown)),
        (r#"{"id":3,"type":"pong","took":1.5,"x":{}}"#, ServerFrame::Reply(3, Reply::Pong)),
        (
            r#"{"id":null,"ready":true,"why":null,"type":"status"}"#,
            ServerFrame::Event(Event::Status { ready: true }),
        ),
        (
            r#"{"type":"error","code":"on_fire","message":"not now","retry_after_ms":null}"#,
            ServerFrame::Event(Event::Error(refusal(ErrorCode::Unknown, None))),
        ),
    ] {
        assert_eq!(ServerFrame::decode(frame).expect(frame), expected, "{frame}");
    }
    let request = Request::decode(r#"{"more":[1],"type":"ping","id":7}"#);
    assert_eq!(request, Ok(Request { id: 7, command: Command::Ping }));
}

#[test]
fn error_codes() {
    for code in ErrorCode::ALL {
        let mut expected = String::new();
        for letter in format!("{code:?}").chars() {
            if letter.is_uppercase() && !expected.is_empty() {
                expected.push('_');
            }
            expected.extend(letter.to_lowercase());
        }
        let json = serde_json::to_string(&code).expect("a string");
        assert_eq!(json, format!("{expected:?}"));
        assert_eq!(serde_json::from_str::<ErrorCode>(&json).expect("a code"), code);
        assert_ne!(code, ErrorCode::Unknown);
    }
    assert_eq!(serde_json::from_str::<ErrorCode>(r#""on_fire""#).expect("any code"), ErrorCode::Unknown);
}

/// Every file has a value that leads to it, so that no arm of the matches above is only for show.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_file_is_used() {
    let mut used: Vec<_> = all_commands().iter().map(command_file).collect();
    used.extend(all_replies().iter().map(reply_file));
    used.extend(all_events().iter().map(event_file));
    used.extend(all_classic().iter().map(classic_file));
    used.extend([golden!("classic-frame"), golden!("classic-error")]);
    let mut used: Vec<_> = used.iter().map(|golden| format!("{}.json", golden.0)).collect();
    used.sort();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect(folder)
        .map(|file| file.expect(folder).file_name().into_string().expect("ASCII names"))
        .collect();
    files.sort();
    assert_eq!(used, files);
}

fn both_ways<T: PartialEq + Debug, E: Debug>(
    golden: &Golden,
    value: &T,
    encoded: &str,
    decoded: Result<T, E>,
) {
    assert_eq!(encoded, golden.frame(), "encoding {}", golden.0);
    assert_eq!(&decoded.expect(golden.0), value, "decoding {}", golden.0);
}

fn all_commands() -> Vec<Command> {
    let history = |from, limit| Command::History { room: room("general"), from, limit };
    vec![
        Command::Hello { name: name("Ana María"), token: None },
        Command::Hello { name: name("Ana María"), token: Some("v1.k1.e30.c2ln".into()) },
        Command::Join { room: room("a \"b\" / ü"), since: None },
        Command::Join { room: room("general"), since: Some(position("1732456789012-0.x9Zq")) },
        Command::Leave { room: room("general") },
        Command::Send {
            room: room("general"),
            nonce: nonce("01JDFQ-x9Zq"),
            body: body("two\nlines, a \"quote\", a \\ and \u{1f44b}\u{0}\u{7f}\u{202e}"),
        },
        history(From::Before(position("1732456789012-0.x9Zq")), None),
        history(From::After(Position::start()), Some(100)),
        history(From::Around(position("1732456789012-0.x9Zq")), Some(20)),
        Command::Rename { name: name("نور") },
        Command::Forget,
        Command::Ping,
    ]
}

fn all_replies() -> Vec<Reply> {
    let joined = Joined {
        room: room("general"),
        position: position("1732456789012-0.x9Zq"),
        recovered: true,
        messages: vec![message(SenderKind::Guest)],
        older: true,
        here: 1,
        people: vec![person()],
    };
    let empty = Joined {
        room: room("empty"),
        position: Position::start(),
        recovered: false,
        messages: vec![],
        older: false,
        here: 0,
        people: vec![],
    };
    let page = |messages, found| {
        Reply::Page(Page { room: room("general"), messages, older: true, newer: false, found })
    };
    let sent = |n, duplicate| Reply::Sent {
        room: room("general"),
        position: position("1732456789012-0.x9Zq"),
        n,
        duplicate,
    };
    vec![
        Reply::Welcome(welcome(None)),
        Reply::Welcome(welcome(Some(refusal(ErrorCode::TokenInvalid, None)))),
        Reply::Joined(joined),
        Reply::Joined(empty),
        Reply::Left { room: room("general") },
        sent(Some(42), false),
        sent(None, true),
        page(vec![message(SenderKind::Guest)], true),
        page(vec![], false),
        Reply::Renamed { name: name("نور") },
        Reply::Forgotten(welcome(None)),
        Reply::Pong,
        Reply::Error(refusal(ErrorCode::NotJoined, None)),
        Reply::Error(refusal(ErrorCode::RateLimited, Some(250))),
        Reply::Unknown,
    ]
}

fn all_events() -> Vec<Event> {
    let said = |kind| Event::Message { room: room("general"), message: message(kind) };
    let presence = |came, went| Event::Presence { room: room("general"), here: 120, came, went };
    vec![
        said(SenderKind::Guest),
        said(SenderKind::Classic),
        said(SenderKind::Unknown),
        Event::Lost {
            room: room("general"),
            after: Position::start(),
            through: position("1732456789012-0.x9Zq"),
        },
        presence(vec![person()], vec![user("u2")]),
        presence(vec![], vec![]),
        Event::Move { after_ms: 1500 },
        Event::Status { ready: true },
        Event::Status { ready: false },
        Event::Error(refusal(ErrorCode::BadJson, None)),
        Event::Error(refusal(ErrorCode::RateLimited, Some(250))),
        Event::Unknown,
    ]
}

fn all_classic() -> Vec<classic::Command> {
    vec![
        classic::Command::Subscribe { room: room("room1") },
        classic::Command::Unsubscribe { room: room("room1") },
        classic::Command::Send { room_id: room("room1"), message: body("hey cashing") },
    ]
}

fn message(kind: SenderKind) -> Message {
    Message {
        position: position("1732456789012-0.x9Zq"),
        prev: position("1732456789000-3.aaaa"),
        n: 42,
        at: 1_732_456_789_012,
        sender: Sender { id: user("g-4f3a"), name: name("Ana María"), kind },
        nonce: nonce("01JDFQ-x9Zq"),
        body: body("<script>alert('hi')</script>\n\u{1f44b}"),
    }
}

fn welcome(refused: Option<ProtocolError>) -> Welcome {
    Welcome {
        user: user("g-4f3a"),
        name: name("Ana María"),
        token: "v1.k1.e30.c2ln".into(),
        expires: 1_748_008_789_012,
        node: "n-7c1e".into(),
        refused,
    }
}

fn person() -> Person {
    Person { id: user("g-4f3a"), name: name("Ana María") }
}

fn refusal(code: ErrorCode, retry_after_ms: Option<u64>) -> ProtocolError {
    ProtocolError { code, message: "not now".into(), retry_after_ms }
}

fn room(text: &str) -> Room {
    Room::parse(text).expect("a room")
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn body(text: &str) -> Body {
    Body::parse(text).expect("a message")
}

fn nonce(text: &str) -> Nonce {
    Nonce::parse(text).expect("a nonce")
}

fn position(text: &str) -> Position {
    Position::parse(text).expect("a position")
}

fn user(text: &str) -> UserId {
    UserId::parse(text).expect("a user id")
}
