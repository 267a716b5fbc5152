//! Rooms that keep no history: what is said reaches who is there, in order, and nobody later.

use backend::broker::room;
use shared::{event::Event, text::Position};
use testkit::RedisServer;

use crate::support::{Cluster, on_both};

on_both! {
    async fn a_room_that_keeps_nothing_is_honest_about_it(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let state = cluster.broker().await.state;
        let fleeting = "fleeting".parse().unwrap();
        room::change(&*state, &fleeting, |record| record.keep = Some(0)).await.unwrap();
        let (mut ana, mut bo) = (one.v1("Ana").await, two.v1("Bo").await);
        ana.join("fleeting").await;
        bo.join("fleeting").await;
        let (first, _) = ana.send("fleeting", "nonce-0001", "one").await;
        let (second, _) = ana.send("fleeting", "nonce-0002", "two").await;
        let (again, duplicate) = bo.send("fleeting", "nonce-0002", "of another").await;
        assert!(!duplicate && again != second);
        for client in [&mut ana, &mut bo] {
            let said = [client.message().await, client.message().await, client.message().await];
            assert_eq!(said.map(|said| said.position), [first.clone(), second.clone(), again.clone()]);
        }
        // Who comes now sees nothing of it, wherever they come; who missed nothing is told so; who did is told so, too.
        let three = cluster.node(&[]).await;
        for node in [&one, &three] {
            let mut cy = node.v1("Cy").await;
            for (since, recovered) in [(None, false), (Some(again.clone()), true), (Some(Position::start()), false)] {
                let joined = cy.join_since("fleeting", since).await;
                assert_eq!((joined.entries.len(), joined.recovered, joined.older), (0, recovered, recovered));
                assert_eq!(joined.position, again);
            }
        }
        let mut cy = three.v1("Cy").await;
        let joined = cy.join_since("fleeting", Some(first.clone())).await;
        assert_eq!((joined.entries.len(), joined.recovered), (0, false));
        let (third, _) = cy.send("fleeting", "nonce-0003", "three").await;
        for client in [&mut ana, &mut bo, &mut cy] {
            let said = client.message().await;
            assert_eq!((said.prev, said.position), (again.clone(), third.clone()));
        }
    }
}

/// A node that missed something of a room that keeps nothing says so, and goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_kept_is_told_as_lost() {
    let server = RedisServer::start().unwrap();
    let cluster = Cluster::Redis(server.url(), "fleeting:".to_owned());
    let (one, two) = (cluster.node(&[]).await, cluster.broker().await);
    let fleeting = "fleeting".parse().unwrap();
    room::change(&*two.state, &fleeting, |record| record.keep = Some(0)).await.unwrap();
    let mut ana = one.v1("Ana").await;
    ana.join("fleeting").await;
    let (seen, _) = ana.send("fleeting", "nonce-0001", "one").await;
    ana.message().await;
    // As if the word of it had been lost: the room has gone on, and this node has not heard of it.
    let missed = "1700000000000-0.lost";
    server.command(&["HSET", "fleeting:{fleeting}:head", "l", missed]).unwrap();
    let (next, _) = ana.send("fleeting", "nonce-0002", "two").await;
    let Event::Lost(shared::event::Lost { after, through, .. }) = ana.event().await else {
        panic!("a loss is told")
    };
    assert_eq!((after, through.as_str()), (seen, missed));
    assert_eq!(ana.message().await.position, next);
    let (last, _) = ana.send("fleeting", "nonce-0003", "three").await;
    assert_eq!(ana.message().await.position, last);
}
