//! People in rooms, on one node and on several.

use shared::{
    command::{self, Command, PageAnchor},
    entry::Entries,
    error::ErrorCode,
    event::{Event, Reply},
};

use crate::support::{client::send, on_both, until};

fn bodies(entries: &Entries) -> Vec<String> {
    entries.messages().iter().map(|message| message.body.to_string()).collect()
}

on_both! {
    async fn two_nodes_one_room(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let (mut ana, mut bo) = (one.v1("Ana").await, two.v1("Bo").await);
        ana.join("general").await;
        bo.join("general").await;
        let (position, duplicate) = ana.send("general", "n1-aaaa", "hello").await;
        assert!(!duplicate);
        let (heard, own) = (bo.message().await, ana.message().await);
        assert_eq!(heard, own);
        assert_eq!((heard.position, heard.sender.name.as_str()), (position.clone(), "Ana"));
        bo.send("general", "n1-bbbb", "hi").await;
        let answer = ana.message().await;
        assert_eq!((answer.prev, answer.n), (position, 2));
    }

    async fn the_dialects_share_rooms(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let (mut ana, mut old, mut third) = (one.v1("Ana").await, two.classic().await, two.classic().await);
        ana.join("room1").await;
        old.subscribe("room1").await;
        third.send("room1", "hey cashing").await;
        assert_eq!(old.text().await, r#"{"type":"sendMessage","roomId":"room1","message":"hey cashing"}"#);
        let heard = ana.message().await;
        assert_eq!((heard.body.as_str(), heard.sender.kind), ("hey cashing", shared::person::SenderKind::Classic));
        ana.send("room1", "n-1234", "tab\t\"quotes\" \u{1}\u{202e}").await;
        let expected = "{\"type\":\"sendMessage\",\"roomId\":\"room1\",\"message\":\"tab\\t\\\"quotes\\\" \\u0001\u{202e}\"}";
        assert_eq!(old.text().await, expected);
    }

    async fn a_sender_hears_itself_only_when_subscribed(cluster) {
        let node = cluster.node(&[]).await;
        let (mut old, mut reader) = (node.classic().await, node.v1("Reader").await);
        reader.join("room1").await;
        old.send("room1", "unheard").await;
        // It is stored: a subscription that comes before that hears it.
        reader.message().await;
        old.subscribe("room1").await;
        old.send("room1", "heard").await;
        assert!(old.text().await.contains("heard"));
        old.say(r#"{"type":"UNSUBSCRIBE","room":"room1"}"#).await;
        old.send("room1", "unheard").await;
        old.settle().await;
    }

    async fn one_senders_messages_keep_their_order(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let (mut ana, mut bo) = (one.v1("Ana").await, two.v1("Bo").await);
        bo.join("general").await;
        let mut last = 0;
        for number in 0..200 {
            last = ana.tell(send("general", &format!("n{number}-rand"), &number.to_string())).await;
        }
        for number in 0..200 {
            assert_eq!(bo.message().await.body.as_str(), number.to_string());
        }
        assert!(matches!(ana.reply(last).await, Reply::Sent(shared::event::Sent { duplicate: false, .. })));
    }

    async fn all_members_see_one_order(cluster) {
        let nodes = [cluster.node(&[]).await, cluster.node(&[]).await];
        let (mut a, mut b) = (nodes[0].v1("A").await, nodes[1].v1("B").await);
        a.join("general").await;
        b.join("general").await;
        for number in 0..50 {
            a.tell(send("general", &format!("a{number}-rand"), &format!("a{number}"))).await;
            b.tell(send("general", &format!("b{number}-rand"), &format!("b{number}"))).await;
        }
        let (mut seen_a, mut seen_b) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            seen_a.push(a.message().await);
            seen_b.push(b.message().await);
        }
        assert_eq!(seen_a, seen_b);
        assert!(seen_a.windows(2).all(|pair| pair[1].prev == pair[0].position));
    }

    async fn a_repeated_nonce_stores_nothing_new(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut ana = one.v1("Ana").await;
        let welcome = ana.ask(Command::Forget).await;
        let Reply::Forgotten(welcome) = welcome else { panic!("{welcome:?}") };
        let first = ana.send("general", "same-abcd", "once").await;
        let mut again = crate::support::Client::connect(two.address).await;
        assert_eq!(again.hello_with("Ana", Some(welcome.token)).await.user, welcome.user);
        assert_eq!(again.send("general", "same-abcd", "once").await, (first.0.clone(), true));
        let mut bo = two.v1("Bo").await;
        let (position, duplicate) = bo.send("general", "same-abcd", "another").await;
        assert!(!duplicate && position != first.0);
        assert_eq!(bodies(&bo.join("general").await.entries), ["once", "another"]);
    }

    async fn history_is_read_in_pages(cluster) {
        let node = cluster.node(&[]).await;
        let mut ana = node.v1("Ana").await;
        for number in 1..=120 {
            ana.send("general", &format!("n{number}-rand"), &number.to_string()).await;
        }
        let joined = ana.join("general").await;
        assert_eq!((joined.entries.len(), joined.older), (50, true));
        assert_eq!(joined.entries.last().map(|last| last.position.clone()), Some(joined.position));
        let first = joined.entries[0].position.clone();
        let history = |anchor, limit| Command::History(command::History { room: "general".parse().unwrap(), anchor, limit: Some(limit) });
        let Reply::Page(page) = ana.ask(history(PageAnchor::Before(first.clone()), 60)).await else { panic!() };
        assert_eq!((page.entries.len(), page.older, page.newer, page.found), (60, true, true, true));
        assert_eq!(page.entries.last().unwrap().position, joined.entries[0].prev);
        let Reply::Page(page) = ana.ask(history(PageAnchor::After(first.clone()), 5)).await else { panic!() };
        assert_eq!(bodies(&page.entries), ["72", "73", "74", "75", "76"]);
        let Reply::Page(page) = ana.ask(history(PageAnchor::Around(first), 5)).await else { panic!() };
        assert!(bodies(&page.entries).contains(&"71".to_owned()));
        let gone = PageAnchor::Before("77-0.gone".parse().unwrap());
        let Reply::Page(page) = ana.ask(history(gone, 5)).await else { panic!() };
        assert!(!page.found && bodies(&page.entries).last().unwrap() == "120");
    }

    async fn people_come_and_go(cluster) {
        let node = cluster.node(&[]).await;
        let (mut ana, mut bo) = (node.v1("Ana").await, node.v1("Bo").await);
        assert_eq!(ana.join("general").await.here, 1);
        let joined = bo.join("general").await;
        assert_eq!(joined.here, 2);
        assert!(joined.people.iter().any(|person| person.name.as_str() == "Ana"));
        bo.ask(Command::Rename(command::Rename { name: "Robert".parse().unwrap() })).await;
        bo.send("general", "n-1234", "new name").await;
        assert_eq!(ana.message().await.sender.name.as_str(), "Robert");
        let left = bo.ask(Command::Leave(command::Leave { room: "general".parse().unwrap() })).await;
        assert!(matches!(left, Reply::Left(_)));
        assert_eq!(ana.join("general").await.here, 1);
    }

    async fn a_room_is_given_up_after_its_last_member(cluster) {
        let node = cluster.node(&[]).await;
        let hub = node.app.hub().clone();
        let mut ana = node.v1("Ana").await;
        ana.join("general").await;
        assert_eq!(hub.rooms(), 1);
        drop(ana);
        until(|| hub.rooms() == 0).await;
        until(|| hub.sessions().count() == 0).await;
        assert_eq!(hub.ring_bytes(), 0);
    }

    async fn joining_and_leaving_in_a_storm_loses_nothing(cluster) {
        let (one, two) = (cluster.node(&["--linger", "0.01"]).await, cluster.node(&["--linger", "0.01"]).await);
        let mut speaker = one.v1("Ana").await;
        let mut listener = two.v1("Bo").await;
        for round in 0..60 {
            let joined = listener.join("storm").await;
            let (position, _) = speaker.send("storm", &format!("n{round}-rand"), &round.to_string()).await;
            let heard = listener.message().await;
            assert_eq!((heard.position, heard.prev), (position, joined.position));
            listener.ask(Command::Leave(command::Leave { room: "storm".parse().unwrap() })).await;
            if round % 3 == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(round % 13)).await;
            }
        }
    }

    async fn hello_comes_first_and_once(cluster) {
        let node = cluster.node(&[]).await;
        let mut client = crate::support::Client::connect(node.address).await;
        assert_eq!(client.refused(Command::Join(command::Join { room: "general".parse().unwrap(), since: None })).await, ErrorCode::HelloFirst);
        assert_eq!(client.refused(send("general", "n-1234", "x")).await, ErrorCode::HelloFirst);
        client.hello("Ana").await;
        let hello = Command::Hello(command::Hello { name: "Ana".parse().unwrap(), token: None });
        assert_eq!(client.refused(hello).await, ErrorCode::HelloTwice);
        assert_eq!(client.ask(Command::Ping).await, Reply::Pong);
    }

    async fn a_token_is_good_on_every_node_until_it_is_forgotten(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut ana = crate::support::Client::connect(one.address).await;
        let first = ana.hello("Ana").await;
        let mut elsewhere = crate::support::Client::connect(two.address).await;
        let second = elsewhere.hello_with("Ana again", Some(first.token.clone())).await;
        assert_eq!((second.user.clone(), second.refused), (first.user.clone(), None));
        let Reply::Forgotten(fresh) = elsewhere.ask(Command::Forget).await else { panic!() };
        assert_ne!(fresh.user, first.user);
        for token in [first.token, second.token, "nonsense".into()] {
            let mut client = crate::support::Client::connect(one.address).await;
            let welcome = client.hello_with("Ana", Some(token)).await;
            assert_ne!(welcome.user, first.user);
            assert_eq!(welcome.refused.unwrap().code, ErrorCode::TokenInvalid);
        }
        let mut client = crate::support::Client::connect(one.address).await;
        assert_eq!(client.hello_with("Ana", Some(fresh.token)).await.user, fresh.user);
    }

    async fn leaving_moves_everybody(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let (mut ana, mut old) = (one.v1("Ana").await, one.classic().await);
        let position = ana.join("general").await.position;
        old.subscribe("general").await;
        let address = one.address;
        let leaving = tokio::spawn(one.app.leave());
        assert!(matches!(ana.event().await, Event::Move(_)));
        assert_eq!(ana.close_code().await, Some(1012));
        assert_eq!(old.close_code().await, Some(1012));
        assert!(leaving.await.unwrap());
        assert!(crate::support::Client::try_connect(address, None).await.is_err());
        let mut bo = two.v1("Bo").await;
        bo.send("general", "n-1234", "meanwhile").await;
        let mut ana = two.v1("Ana").await;
        let joined = ana.join_since("general", Some(position)).await;
        assert!(joined.recovered);
        assert_eq!(bodies(&joined.entries), ["meanwhile"]);
    }
}
