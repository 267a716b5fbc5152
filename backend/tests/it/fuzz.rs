//! Decoders and rules against whatever strangers send: the golden frames, changed at random, and plain noise.
//! `PROPTEST_CASES` says how many of each.

use std::{fs, net::IpAddr, net::SocketAddr, path::Path, sync::LazyLock};

use axum::http::{HeaderMap, HeaderValue};
use backend::{
    broker::Record,
    http::{client::Trust, origin::Origins},
    identity::Signer,
};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::FileFailurePersistence};
use shared::{
    classic,
    command::Request,
    event::ServerFrame,
    person::{Sender, SenderKind},
};

/// All golden frames of both dialects.
static FRAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut frames = Vec::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tests/wire")), &mut frames);
    assert!(frames.len() > 20, "only {} golden frames", frames.len());
    frames
});

fn read(folder: &Path, frames: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, frames);
        } else {
            frames.push(fs::read_to_string(path).unwrap().trim().to_owned());
        }
    }
}

/// What is put into a frame: what JSON is made of, numbers at their limits, and text that is rarely thought of.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-1",
    "18446744073709551616",
    "1e999",
    "0.5",
    "\"type\":",
    "\"room\":\"a\",",
    "\u{0}",
    "\u{202e}",
    "é",
    "日本",
    "\u{1f469}\u{200d}\u{1f680}",
    " ",
];

#[derive(Debug, Clone)]
enum Change {
    Insert(Index, &'static str),
    Remove(Index, usize),
    Repeat(Index, usize),
    Splice(Index, Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (any::<Index>(), proptest::sample::select(&PIECES[..]))
            .prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, times)| Change::Repeat(at, times)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, other)| Change::Splice(at, other)),
    ];
    vec(change, 0..6)
}

/// A frame with some changes, or noise.
fn texts() -> impl Strategy<Value = String> {
    let changed = (any::<Index>(), changes()).prop_map(|(seed, changes)| {
        let mut text: Vec<char> = seed.get(&FRAMES).chars().collect();
        for change in changes {
            let place = |at: Index| at.index(text.len() + 1);
            match change {
                Change::Insert(at, piece) => {
                    let at = place(at);
                    text.splice(at..at, piece.chars());
                }
                Change::Remove(at, count) => {
                    let at = place(at);
                    text.drain(at..(at + count).min(text.len()));
                }
                Change::Repeat(at, times) => {
                    let at = place(at);
                    let again: Vec<_> = text[at..(at + 3).min(text.len())].repeat(times);
                    text.splice(at..at, again);
                }
                Change::Splice(at, other) => {
                    let at = place(at);
                    let other = other.get(&FRAMES).chars();
                    text.truncate(at);
                    text.extend(other.skip(at));
                }
            }
        }
        text.into_iter().collect()
    });
    prop_oneof![8 => changed, 1 => any::<String>(), 1 => "[ -~]{0,80}"]
}

fn settings() -> ProptestConfig {
    let nowhere = FileFailurePersistence::Off;
    ProptestConfig { failure_persistence: Some(Box::new(nowhere)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    /// No text is a command of both dialects, and what was understood is understood again as it is written.
    #[test]
    fn decoders_of_commands(text in texts()) {
        let v1 = Request::decode(&text);
        let old = classic::Command::decode(&text);
        prop_assert!(v1.is_err() || old.is_err(), "both dialects take {text}");
        if let Ok(request) = v1 {
            prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
    }

    /// The page's reader takes what it gets, and what it understood is understood again.
    #[test]
    fn decoder_of_frames(text in texts()) {
        if let Ok(frame) = ServerFrame::decode(&text) {
            prop_assert_eq!(ServerFrame::decode(&frame.encode()), Ok(frame));
        }
    }

    /// What a broker hands out may be anything.
    #[test]
    fn records(bytes in vec(any::<u8>(), 0..300), text in texts()) {
        for wire in [bytes, text.into_bytes()] {
            let record = Record::parse(wire.clone().into());
            let _any = (record.body_json(), record.object(), record.amends());
            prop_assert_eq!(&record.wire()[..], &wire[..]);
        }
    }

    /// Nothing but the token itself counts.
    #[test]
    fn tokens(at in any::<Index>(), with in "[A-Za-z0-9_.=+/ -]{0,3}", cut in 0..4_usize, noise in any::<String>()) {
        let signer = Signer::new(b"a secret of at least some length");
        let ana = Sender { id: "u1".parse().unwrap(), name: "Ana".parse().unwrap(), kind: SenderKind::Guest };
        let token = signer.sign(&ana, 7, 5, 100);
        let at = at.index(token.len());
        let changed = format!("{}{with}{}", &token[..at], &token[(at + cut).min(token.len())..]);
        prop_assert_eq!(signer.verify(&changed, 99).is_ok(), changed == token, "{}", changed);
        prop_assert!(signer.verify(&noise, 99).is_err());
    }

    /// A page of a name that is not this server's never gets a socket, whatever host it claims to have asked.
    #[test]
    fn origins(name in "[a-z0-9.-]{1,20}", port in 0..70_000_u32, host in "[ -~]{0,30}", https in any::<bool>()) {
        let origins = Origins {
            listed: vec!["http://listed.example".into()],
            public_url: Some("https://chat.example".into()),
            bind: Some("0.0.0.0".parse().unwrap()),
        };
        let own = name == "localhost" || name.parse::<IpAddr>().is_ok();
        prop_assume!(!own);
        for origin in [format!("http://{name}.evil:{port}"), format!("https://{name}.evil"), name.clone()] {
            for host in [&host, &format!("{name}.evil:{port}"), "localhost:80", "chat.example", "127.0.0.1"] {
                prop_assert!(!origins.allows(Some(&origin), Some(host), https), "{origin} at {host}");
            }
        }
    }

    /// Nobody chooses the address that is counted: not without a trusted proxy, and not in front of what it says.
    #[test]
    fn proxies(forged in "[ -~]{0,60}", client in any::<[u8; 4]>(), peer in any::<[u8; 4]>()) {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let (client, peer) = (IpAddr::from(client), IpAddr::from(peer));
        prop_assume!(client != proxy && peer != proxy);
        let trust = Trust::new(vec![proxy]);
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_str(text).unwrap());
            headers
        };
        let forged_alone = trust.address(SocketAddr::new(peer, 1), &header(&forged));
        prop_assert_eq!(forged_alone, peer);
        let through = trust.address(SocketAddr::new(proxy, 1), &header(&format!("{forged}, {client}")));
        prop_assert_eq!(through, client);
    }
}
