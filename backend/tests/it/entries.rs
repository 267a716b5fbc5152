//! Entries reach every hubbub.v1 client in one chain, whatever they are, and those of one sender in their order.

use backend::broker::{Broker, Draft, Record};
use bytes::Bytes;
use shared::{
    command::{self, Command},
    entry::{Entry, Reacted, What},
    error::ErrorCode,
    event::{Event, Happened, Reply},
    table::Flat,
    text::Position,
};

use crate::{
    conformance::{draft, room},
    support::{Client, client::send, on_both},
};

on_both! {
    /// A newer node may keep entries of kinds that this one does not know; a damaged one has a place all the same.
    async fn an_entry_of_an_unknown_kind_has_its_place_for_everybody(cluster) {
        let (node, broker) = (cluster.node(&[]).await, cluster.broker().await);
        let mut live = node.v1("Ana").await;
        live.join("general").await;
        let first = live.send("general", "n1", "before").await.0;
        keep(&broker, "k1", r#"z9 {"at":5,"kind":"exploded","size":[1,{"deep":true}]}"#).await;
        keep(&broker, "k2", "z9 {damaged").await;
        live.send("general", "n2", "behind").await;

        let mut heard = Vec::new();
        while heard.len() < 4 {
            match live.event().await {
                Event::Message(Happened { entry: Flat(entry), .. })
                | Event::Entry(Happened { entry: Flat(entry), .. }) => heard.push(entry),
                other => panic!("{other:?}"),
            }
        }
        chain(&heard);
        assert_eq!([&heard[1].what, &heard[2].what], [&What::Unknown, &What::Unknown]);
        assert_eq!([heard[1].n, heard[2].n, heard[3].n], [1, 1, 2], "only messages count");

        // From the ring, from the history, after a position, and in a page.
        let mut newcomer = node.v1("Bo").await;
        assert_eq!(newcomer.join("general").await.entries.into_vec(), heard);
        let resumed = newcomer.join_since("general", Some(first.clone())).await;
        assert!(resumed.recovered);
        assert_eq!(resumed.entries.into_vec(), heard[1..]);
        let other = cluster.node(&[]).await;
        let mut away = other.v1("Cy").await;
        assert_eq!(away.join("general").await.entries.into_vec(), heard);
        let anchor = command::PageAnchor::After(first);
        let history = command::History { room: room("general"), anchor, limit: None };
        let Reply::Page(page) = away.ask(Command::History(history)).await else { panic!("no page") };
        assert_eq!(page.entries.into_vec(), heard[1..]);
    }

    async fn a_reaction_is_an_entry_like_any_other(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let (mut ana, mut bo, mut classic) = (one.v1("Ana").await, two.v1("Bo").await, one.classic().await);
        classic.subscribe("general").await;
        ana.join("general").await;
        bo.join("general").await;
        let to = ana.send("general", "n1", "hey").await.0;
        bo.message().await;
        ana.message().await;

        let react = |nonce: &str, to: &Position| {
            let (room, nonce) = (room("general"), nonce.parse().unwrap());
            Command::React(command::React { room, nonce, to: to.clone(), emoji: "👍".parse().unwrap(), on: true })
        };
        let Reply::Sent(sent) = bo.ask(react("r1", &to)).await else { panic!("not stored") };
        assert_eq!((sent.n, sent.duplicate), (Some(1), false));
        let Reply::Sent(again) = bo.ask(react("r1", &to)).await else { panic!("not stored") };
        assert_eq!((&again.position, again.duplicate), (&sent.position, true));
        for client in [&mut ana, &mut bo] {
            let Event::Entry(Happened { entry: Flat(entry), .. }) = client.event().await else {
                panic!("no entry")
            };
            let reacted = Reacted { to: to.clone(), emoji: "👍".parse().unwrap(), on: true };
            assert_eq!((&entry.position, &entry.prev), (&sent.position, &to));
            assert_eq!(entry.what, What::Reacted(reacted));
        }
        // Only to a message that is there: not to a reaction, not to what never was.
        for (nonce, to) in [("r2", &sent.position), ("r3", &"9-9.gone".parse().unwrap())] {
            assert_eq!(ana.refused(react(nonce, to)).await, ErrorCode::MessageGone);
        }
        ana.send("general", "n2", "behind").await;
        assert_eq!(ana.message().await.prev, sent.position);
        assert!(classic.text().await.contains("hey"));
        assert!(classic.text().await.contains("behind"), "a classic client hears nothing of reactions");
    }

    /// A client that is not on this machine sends to a room that it has not joined, joins it and goes on: the node looks
    /// whether the first messages may make a room, and none of the later ones overtakes them.
    async fn one_senders_order_holds_before_and_after_a_join(cluster) {
        let node = cluster.node(&["--trusted-proxies", "127.0.0.1"]).await;
        let mut reader = node.v1("Reader").await;
        for number in 0..8 {
            let name = format!("room {number}");
            reader.join(&name).await;
            reader.send(&name, "first", "0").await;
            reader.event().await;
            let mut stranger = Client::connect_from(node.address, "203.0.113.7").await;
            stranger.hello("Stranger").await;
            for nonce in 1..=20 {
                stranger.tell(send(&name, &format!("n{nonce}"), &nonce.to_string())).await;
            }
            stranger.tell(Command::Join(command::Join { room: room(&name), since: None })).await;
            let mut last = 0;
            for nonce in 21..=40 {
                last = stranger.tell(send(&name, &format!("n{nonce}"), &nonce.to_string())).await;
            }
            stranger.reply(last).await;
            let mut said = Vec::new();
            while said.len() < 40 {
                said.push(reader.message().await.body.as_str().parse::<u32>().unwrap());
            }
            assert_eq!(said, (1..=40).collect::<Vec<_>>(), "{name}");
        }
    }
}

async fn keep(broker: &Broker, nonce: &str, record: &'static str) {
    let record = Record::parse(Bytes::from_static(record.as_bytes()));
    let draft = Draft { record, counts: false, ..draft("anna", nonce, "x") };
    broker.core.publish(&room("general"), draft).await.unwrap();
}

fn chain(entries: &[Entry]) {
    let mut last = Position::start();
    for entry in entries {
        assert_eq!(entry.prev, last, "{entries:?}");
        last = entry.position.clone();
    }
}
