use super::{super::trust::is_tls, *};

fn parse(url: &str) -> Result<Sentinels, String> {
    Sentinels::parse(url, &Trust::default()).expect("a URL of Sentinels")
}

#[test]
fn everything_in_the_url_is_used() {
    let url = "redis+sentinel://app:p%40ss@one,two:7,[::1]:8,[::2]/my%20primary/3?sentinel_user=s&sentinel_password=a%26b";
    let sentinels = parse(url).unwrap();
    let places: Vec<_> =
        sentinels.places.iter().map(|(_, c)| c.get_connection_info().addr().to_string()).collect();
    assert_eq!(places, ["one:26379", "two:7", "::1:8", "::2:26379"]);
    let of_sentinel = sentinels.places[0].1.get_connection_info().redis_settings();
    assert_eq!((of_sentinel.username(), of_sentinel.password()), (Some("s"), Some("a&b")));
    assert_eq!((sentinels.primary.as_str(), sentinels.login.db()), ("my primary", 3));
    assert_eq!((sentinels.login.username(), sentinels.login.password()), (Some("app"), Some("p@ss")));
}

#[test]
fn with_tls_everybody_is_spoken_to_in_tls() {
    let sentinels = parse("rediss+sentinel://one/main").unwrap();
    assert!(sentinels.is_tls() && is_tls(sentinels.places[0].1.get_connection_info()));
    assert!(!parse("redis+sentinel://one/main").unwrap().is_tls());
}

#[test]
fn a_password_alone_is_enough() {
    let sentinels = parse("redis+sentinel://:secret@one/main").unwrap();
    assert_eq!((sentinels.login.username(), sentinels.login.password()), (None, Some("secret")));
    assert_eq!(sentinels.login.db(), 0);
    for url in ["redis://one", "rediss://one/x", "http+sentinel://one/main"] {
        assert!(Sentinels::parse(url, &Trust::default()).is_none(), "{url}");
    }
}

#[test]
fn what_is_wrong_is_said_without_the_password() {
    for (url, what) in [
        ("redis+sentinel://", "the name of the primary is missing"),
        ("redis+sentinel://:secret@one", "the name of the primary is missing"),
        ("redis+sentinel:///main", "Sentinel number 1 is no host:port"),
        ("redis+sentinel://:secret@one:x/main", "Sentinel number 1 is no host:port"),
        ("redis+sentinel://one,/main", "Sentinel number 2 is no host:port"),
        ("redis+sentinel://one:70000/main", "Sentinel number 1 is no host:port"),
        ("redis+sentinel://[::1/main", "is no host:port"),
        ("redis+sentinel://one/main/first", "the database is no number"),
        ("redis+sentinel://app:se/secret@one/main", "percent-encoded"),
        ("redis+sentinel://app:12/secret@one/main", "percent-encoded"),
        ("redis+sentinel://app:12/main?secret@one/main", "percent-encoded"),
        ("redis+sentinel://app:#secret@one:x/main", "is no host:port"),
        ("redis+sentinel://:secret@one/main?password=secret", "sentinel_password only"),
        ("redis+sentinel://one/%ff", "no UTF-8"),
    ] {
        let said = parse(url).unwrap_err();
        assert!(said.contains(what) && said.contains("redis+sentinel://host:26379"), "{url}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

fn text(text: &str) -> Value {
    Value::BulkString(text.into())
}

#[test]
fn the_answer_is_a_place_and_an_epoch() {
    let place = Value::Array(vec![text("10.0.0.1"), text("6379")]);
    let about = Value::Array(["name", "main", "config-epoch", "7"].map(text).to_vec());
    let wanted = Named { host: "10.0.0.1".to_owned(), port: 6379, epoch: 7 };
    assert_eq!(named(vec![place.clone(), about]), Ok(wanted.clone()));
    assert_eq!(named(vec![place, Value::Nil]), Ok(Named { epoch: 0, ..wanted }));
    assert!(named(vec![Value::Nil, Value::Nil]).unwrap_err().contains("no primary of that name"));
}

#[test]
fn only_a_later_primary_at_another_place_replaces_one() {
    let sentinels = parse("redis+sentinel://one/main").unwrap();
    let info = place("10.0.0.1", 6379, false).into_connection_info().unwrap();
    let client = Trust::default().client(info).unwrap();
    let server = Server { client, name: "10.0.0.1:6379".into(), epoch: Some(3) };
    for (host, epoch, left) in
        [("10.0.0.1", 3, false), ("10.0.0.1", 4, false), ("10.0.0.2", 3, false), ("10.0.0.2", 4, true)]
    {
        *sentinels.latest() = Some(Named { host: host.to_owned(), port: 6379, epoch });
        assert_eq!(sentinels.left(&server), left, "{host} {epoch}");
    }
}

#[test]
fn an_announcement_names_its_primary_whole() {
    let announcement = b"my primary 10.0.0.1 6379 10.0.0.2 6379";
    for (primary, ours) in [("my primary", true), ("my", false), ("my prim", false), ("other", false)] {
        assert_eq!(switch::names(announcement, primary), ours, "{primary}");
    }
}
