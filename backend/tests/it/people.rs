//! One person in several places, and people whose connection died.

use backend::broker::Key;
use bytes::Bytes;
use shared::{
    close::CloseReason,
    command::{self, Command},
    event::{Event, Reply, ServerFrame},
    table::Sparse,
};

use testkit::RedisServer;

use crate::support::{Client, Cluster, V1, on_both, within};

/// The next presence event that something is true of.
async fn presence(client: &mut Client<V1>, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        match ServerFrame::decode(&client.text().await).unwrap() {
            ServerFrame::Event(event @ Event::Presence(_)) if wanted(&event) => return event,
            ServerFrame::Event(_) | ServerFrame::Reply(..) => {}
        }
    }
}

on_both! {
    async fn one_person_in_two_tabs_and_on_two_nodes(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut first = Client::connect(one.address).await;
        let welcome = first.hello("Ana").await;
        let (mut second, mut third) = (Client::connect(one.address).await, Client::connect(two.address).await);
        for client in [&mut second, &mut third] {
            let again = client.hello_with("Ana", Some(welcome.token.clone())).await;
            assert_eq!((&again.user, again.refused), (&welcome.user, None));
        }
        for client in [&mut first, &mut second, &mut third] {
            let joined = client.join("room").await;
            assert_eq!((joined.here, joined.people.len()), (1, 1), "one person, however many pages");
        }
        // What is said in one place comes with its nonce to all of them: each strikes it from what it waits for.
        let (position, _) = first.send("room", "nonce-0001", "hello").await;
        for client in [&mut first, &mut second, &mut third] {
            let message = client.message().await;
            assert_eq!((&message.position, message.nonce.as_str()), (&position, "nonce-0001"));
            assert_eq!(message.sender.id, welcome.user);
        }
        // Two places try the same message: it is stored once.
        let (elsewhere, duplicate) = third.send("room", "nonce-0001", "hello").await;
        assert_eq!((elsewhere, duplicate), (position, true));

        let name = "Anna".parse().unwrap();
        assert!(matches!(first.ask(Command::Rename(command::Rename { name })).await, Reply::Renamed(_)));
        let renamed = |event: &Event| {
            matches!(event, Event::Presence(shared::event::Presence { came, .. }) if came.iter().any(|person| person.name.as_str() == "Anna"))
        };
        presence(&mut second, renamed).await;
        // On the other node, too: in the list of people, and in what is said there next.
        presence(&mut third, renamed).await;
        third.send("room", "nonce-0002", "by another name").await;
        for client in [&mut first, &mut second, &mut third] {
            assert_eq!(client.message().await.sender.name.as_str(), "Anna");
        }

        // Forgotten in one place: the other places end, and no place is this person again when it comes back.
        assert!(matches!(second.ask(Command::Forget).await, Reply::Forgotten(_)));
        let code = Some(CloseReason::Forgotten.code());
        assert_eq!((first.close_code().await, third.close_code().await), (code, code));
        assert!(matches!(second.ask(Command::Ping).await, Reply::Pong), "it goes on as somebody else");
        for node in [&one, &two] {
            let stranger =
                Client::connect(node.address).await.hello_with("Ana", Some(welcome.token.clone())).await;
            assert!(stranger.user != welcome.user && stranger.refused.is_some());
        }
    }

    async fn a_person_has_the_name_that_they_chose_last(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut first = Client::connect(one.address).await;
        let welcome = first.hello("Old").await;
        let mut second = Client::connect(two.address).await;
        second.hello_with("Old", Some(welcome.token.clone())).await;
        for client in [&mut first, &mut second] {
            client.join("room").await;
        }
        let name = "New".parse().unwrap();
        assert!(matches!(first.ask(Command::Rename(command::Rename { name })).await, Reply::Renamed(_)));
        // Whatever a connection says that comes later, on whichever node, with an old token.
        for node in [&one, &two] {
            let mut late = Client::connect(node.address).await;
            let again = late.hello_with("Old", Some(welcome.token.clone())).await;
            assert_eq!((again.user, again.name.as_str()), (welcome.user.clone(), "New"));
            let joined = late.join("room").await;
            assert_eq!(joined.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["New"]);
            late.send("room", &format!("late-{}", node.address.port()), "by which name?").await;
            assert_eq!(late.message().await.sender.name.as_str(), "New");
        }
        for client in [&mut first, &mut second] {
            for _ in 0..2 {
                assert_eq!(client.message().await.sender.name.as_str(), "New");
            }
        }
        // Nor is a token another way to be called something else.
        let mut ben = Client::connect(one.address).await;
        let token = ben.hello("Ben").await.token;
        let again = Client::connect(two.address).await.hello_with("Benno", Some(token)).await;
        assert_eq!(again.name.as_str(), "Ben");
    }
}

/// What Redis loses, nodes that heard of it remember.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_forgotten_stays_forgotten_when_redis_loses_its_data() {
    let server = RedisServer::start().unwrap();
    let cluster = Cluster::Redis(server.url(), "lossy:".to_owned());
    let secret = ["--secret", "a secret that Redis cannot lose, since it is configured"];
    let (one, two) = (cluster.node(&secret).await, cluster.node(&secret).await);
    let mut ana = Client::connect(one.address).await;
    let first = ana.hello("Ana").await;
    let mut other = Client::connect(two.address).await;
    other.hello_with("Ana", Some(first.token.clone())).await;
    assert!(matches!(ana.ask(Command::Forget).await, Reply::Forgotten(_)));
    assert_eq!(other.close_code().await, Some(CloseReason::Forgotten.code()), "the other node heard of it");
    let mut health = two.app.broker().core.health();
    let generation = health.borrow().generation;
    server.command(&["FLUSHALL"]).unwrap();
    for node in [&one, &two] {
        let welcome = Client::connect(node.address).await.hello_with("Ana", Some(first.token.clone())).await;
        assert!(welcome.user != first.user && welcome.refused.is_some());
    }
    // Soon Redis knows it again, for nodes that never heard of it.
    within(health.wait_for(|health| health.generation > generation)).await.unwrap();
    let key = format!("lossy:{{user:{}}}:person", first.user);
    crate::support::until(|| server.command(&["EXISTS", &key]).unwrap().trim() == "1").await;
    let three = cluster.node(&secret).await;
    let welcome = Client::connect(three.address).await.hello_with("Ana", Some(first.token)).await;
    assert!(welcome.user != first.user && welcome.refused.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_half_open_is_gone_for_the_others() {
    let node = Cluster::embedded().node(&["--ping-interval", "0.2", "--pong-timeout", "0.2"]).await;
    let mut alive = node.v1("Here").await;
    alive.join("room").await;
    // A client that does not read its socket answers no ping.
    let mut dead = node.v1("Gone").await;
    let people = dead.join("room").await.people;
    let lost = people.iter().find(|person| person.name.as_str() == "Gone").unwrap();
    let left = |event: &Event| matches!(event, Event::Presence(shared::event::Presence { went, .. }) if !went.is_empty());
    let Event::Presence(shared::event::Presence { here, went, .. }) = presence(&mut alive, left).await else {
        panic!("of presence")
    };
    assert_eq!((here, went), (1, Sparse(vec![lost.id.clone()])));
    assert_eq!(alive.join("room").await.people.len(), 1);
}

/// What is told while a node does not hear is found out when it hears again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_forgotten_while_a_node_was_deaf_is_gone_after_it() {
    let server = RedisServer::start().unwrap();
    let cluster = Cluster::Redis(server.url(), "deaf:".to_owned());
    let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
    let mut here = one.v1("Bo").await;
    let mut there = Client::connect(two.address).await;
    let welcome = there.hello("Ana").await;
    // As if the word had been lost: only the record is written.
    let key = Key::Person(welcome.user.clone());
    let record = Bytes::from_static(br#"{"not_before":18446744073709551615}"#);
    one.app.broker().state.put(&key, None, record, None).await.unwrap();
    let mut health = two.app.broker().core.health();
    let generation = health.borrow().generation;
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
    within(health.wait_for(|health| health.generation > generation)).await.unwrap();
    assert_eq!(there.close_code().await, Some(CloseReason::Forgotten.code()));
    assert!(matches!(here.ask(Command::Ping).await, Reply::Pong));
}
