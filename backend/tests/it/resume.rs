//! Coming back with the last position seen: exactly what was missed, or told that it cannot be had.

use shared::{limits, text::Position};

use crate::support::{Client, V1, on_both};

async fn fill(client: &mut Client<V1>, room: &str, count: usize) -> Vec<Position> {
    let mut positions = Vec::new();
    for number in 0..count {
        positions.push(
            client
                .send(room, &format!("n{number}-{room}-{}", fastrand::u32(..)), &number.to_string())
                .await
                .0,
        );
    }
    positions
}

on_both! {
    async fn older_is_said_only_of_what_is_there(cluster) {
        let node = cluster.node(&[]).await;
        let mut ana = node.v1("Ana").await;
        let positions = fill(&mut ana, "room", 3).await;
        let reader = cluster.node(&[]).await;
        // The first is answered from the history, the others from memory.
        for node in [&reader, &reader, &node] {
            let mut client = node.v1("Reader").await;
            for (since, older) in [(Position::start(), false), (positions[0].clone(), true)] {
                let joined = client.join_since("room", Some(since.clone())).await;
                assert_eq!((joined.recovered, joined.older), (true, older), "{since}");
            }
        }
    }

    async fn every_kind_of_position(cluster) {
        let (one, two) = (cluster.node(&["--history-messages", "600"]).await, cluster.node(&[]).await);
        let mut ana = one.v1("Ana").await;
        let positions = fill(&mut ana, "room", 20).await;
        let elsewhere = fill(&mut ana, "another", 3).await;
        let position = |text: &str| Some(Position::parse(text).unwrap());
        let newest = positions[19].clone();
        let half_known = format!("{}x", positions[10]);
        let cases = [
            ("same", Some(newest.clone()), true, 0),
            ("behind", Some(positions[9].clone()), true, 10),
            ("first", Some(positions[0].clone()), true, 19),
            ("start of an untrimmed room", Some(Position::start()), true, 20),
            ("never existed", position("77-7.none"), false, 20),
            ("another tag", position(&half_known), false, 20),
            ("another room's", Some(elsewhere[1].clone()), false, 20),
            ("no position at all", None, false, 20),
            ("far ahead", position("9999999999999-0.next"), false, 20),
            ("nonsense", position("!"), false, 20),
        ];
        // On a node that has the room in its ring, and on one that has to read it.
        for (node, warm) in [(&one, true), (&two, false)] {
            for (what, since, recovered, count) in cases.clone() {
                let mut holder = node.v1("Holder").await;
                if warm {
                    holder.join("room").await;
                }
                let mut client = node.v1("Back").await;
                let joined = client.join_since("room", since).await;
                assert_eq!((joined.recovered, joined.entries.len()), (recovered, count), "{what}, warm: {warm}");
                assert_eq!(joined.position, newest, "{what}");
            }
        }
    }

    async fn an_empty_room_has_position_zero(cluster) {
        let node = cluster.node(&[]).await;
        let mut ana = node.v1("Ana").await;
        let joined = ana.join("empty").await;
        assert_eq!((joined.position, joined.recovered, joined.older), (Position::start(), false, false));
        let mut bo = node.v1("Bo").await;
        bo.send("empty", "n-1234", "first").await;
        let mut back = node.v1("Ana").await;
        let joined = back.join_since("empty", Some(Position::start())).await;
        assert!(joined.recovered);
        assert_eq!(joined.entries.len(), 1);
    }

    async fn beyond_the_recovery_limit_the_newest_page_comes(cluster) {
        let node = cluster.node(&[]).await;
        let mut ana = node.v1("Ana").await;
        let positions = fill(&mut ana, "busy", limits::RECOVERY_MAX + 2).await;
        let joined = node.v1("Back").await.join_since("busy", Some(positions[1].clone())).await;
        assert_eq!((joined.recovered, joined.entries.len()), (true, limits::RECOVERY_MAX));
        let joined = node.v1("Back").await.join_since("busy", Some(positions[0].clone())).await;
        assert_eq!((joined.recovered, joined.entries.len()), (false, limits::PAGE));
    }

    async fn a_page_is_bounded_in_bytes(cluster) {
        let node = cluster.node(&[]).await;
        let mut ana = node.v1("Ana").await;
        // More than a page of bytes within the count that a resume may bring.
        let text = "x".repeat(limits::BODY_BYTES);
        let mut positions = Vec::new();
        for number in 0..70 {
            positions.push(ana.send("large", &format!("n{number:04}"), &text).await.0);
        }
        let joined = node.v1("Back").await.join_since("large", Some(positions[0].clone())).await;
        assert_eq!((joined.recovered, joined.entries.len()), (false, limits::PAGE));
        let joined = node.v1("Back").await.join_since("large", Some(positions[20].clone())).await;
        assert_eq!((joined.recovered, joined.entries.len()), (true, 49));
        // More than that within a page: these characters take six bytes each.
        let text = "\u{1}".repeat(10_000);
        for number in 0..20 {
            ana.send("larger", &format!("m{number:04}"), &text).await;
        }
        let joined = node.v1("Back").await.join("larger").await;
        assert!((1..20).contains(&joined.entries.len()) && joined.older, "{}", joined.entries.len());
        assert_eq!(joined.entries.last().unwrap().position, joined.position);
    }

    async fn resuming_while_others_talk_leaves_no_hole(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut talker = one.v1("Ana").await;
        let mut listener = two.v1("Bo").await;
        let mut last = listener.join("room").await.position;
        let talking = tokio::spawn(async move {
            for number in 0..300 {
                talker.send("room", &format!("n{number}-{number:04}"), &number.to_string()).await;
            }
        });
        let mut next = 0;
        while next < 300 {
            let message = listener.message().await;
            assert_eq!((message.prev.clone(), message.body.as_str()), (last, next.to_string().as_str()));
            last = message.position;
            next += 1;
            if next % 20 == 0 {
                listener = two.v1("Bo").await;
                let joined = listener.join_since("room", Some(last.clone())).await;
                assert!(joined.recovered);
                for message in joined.entries.messages() {
                    assert_eq!((message.prev, message.body.as_str()), (last, next.to_string().as_str()));
                    last = message.position;
                    next += 1;
                }
            }
        }
        talking.await.unwrap();
    }
}
