//! "Here now", on all nodes: who comes, who goes, and what becomes of it when a node dies or Redis comes back empty.

use backend::broker::presence::{Occupant, Roster};
use shared::{
    command::{self, Command},
    event::{Event, Reply, ServerFrame},
    person::Person,
};
use testkit::{Data, RedisServer};

use crate::support::{Client, Cluster, V1, on_both, within};

/// The next presence event that something is true of: how many are here.
async fn presence(client: &mut Client<V1>, wanted: impl Fn(&[Person], usize) -> bool) -> u64 {
    loop {
        match ServerFrame::decode(&client.text().await).unwrap() {
            ServerFrame::Event(Event::Presence(shared::event::Presence { came, went, here, .. }))
                if wanted(&came, went.len()) =>
            {
                return here;
            }
            ServerFrame::Event(_) | ServerFrame::Reply(..) => {}
        }
    }
}

fn came(name: &str) -> impl Fn(&[Person], usize) -> bool {
    move |came, _| came.iter().any(|person| person.name.as_str() == name)
}

fn went(_: &[Person], went: usize) -> bool {
    went > 0
}

/// Joins until so many are there.
async fn sees(client: &mut Client<V1>, count: u64) -> Vec<String> {
    within(async {
        loop {
            let joined = client.join("room").await;
            if joined.here == count {
                let mut names: Vec<_> = joined.people.iter().map(|person| person.name.to_string()).collect();
                names.sort();
                return names;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

on_both! {
    async fn people_of_all_nodes_are_here(cluster) {
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut ana = one.v1("Ana").await;
        ana.join("room").await;
        let mut bo = Client::connect(two.address).await;
        let welcome = bo.hello("Bo").await;
        bo.join("room").await;
        assert_eq!(presence(&mut ana, came("Bo")).await, 2);
        for client in [&mut ana, &mut bo] {
            assert_eq!(sees(client, 2).await, ["Ana", "Bo"]);
        }
        // The same person on a second node is nobody new, and is gone only when both places are left.
        let mut again = Client::connect(one.address).await;
        again.hello_with("Bo", Some(welcome.token)).await;
        assert_eq!(again.join("room").await.here, 2);
        let mut cy = two.v1("Cy").await;
        cy.join("room").await;
        assert_eq!(presence(&mut ana, |came, went| !came.is_empty() || went > 0).await, 3, "only Cy came");
        drop(bo);
        let name = "Cyd".parse().unwrap();
        assert!(matches!(cy.ask(Command::Rename(command::Rename { name })).await, Reply::Renamed(_)));
        assert_eq!(presence(&mut ana, |came, went| !came.is_empty() || went > 0).await, 3, "Bo stays");
        drop(again);
        for client in [&mut ana, &mut cy] {
            assert_eq!(presence(client, went).await, 2);
        }
        assert_eq!(sees(&mut cy, 2).await, ["Ana", "Cyd"]);
        // A node that leaves takes its people with it at once.
        let (left, here, code) = tokio::join!(two.app.leave(), presence(&mut ana, went), cy.close_code());
        assert_eq!((left, here, code), (true, 1, Some(1012)));
    }

    /// Several rooms, since what is under test may come right by chance.
    async fn the_newest_name_is_shown_whichever_node_announces_it(cluster) {
        let rooms: Vec<String> = (0..8).map(|number| format!("room {number}")).collect();
        let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
        let mut ana = Client::connect(one.address).await;
        let welcome = ana.hello("Old").await;
        let mut observer = two.v1("Observer").await;
        for room in &rooms {
            ana.join(room).await;
            observer.join(room).await;
        }
        // A node that died a moment ago: Ana was there, by her old name, and the lease still runs.
        let dead = cluster.broker().await;
        let before = Roster {
            count: 1,
            people: vec![Occupant { id: welcome.user, name: welcome.name, named: 0 }],
        };
        let announced: Vec<_> = rooms.iter().map(|room| (room.parse().unwrap(), before.clone())).collect();
        dead.presence.announce(&announced).await.unwrap();
        let name = "New".parse().unwrap();
        assert!(matches!(ana.ask(Command::Rename(command::Rename { name })).await, Reply::Renamed(_)));
        for _ in &rooms {
            presence(&mut observer, came("New")).await;
        }
        let mut newcomer = two.v1("Newcomer").await;
        for room in &rooms {
            let joined = newcomer.join(room).await;
            let mut names: Vec<_> = joined.people.iter().map(|person| person.name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, ["New", "Newcomer", "Observer"], "{room}");
        }
    }

    async fn people_of_a_dead_node_are_gone(cluster) {
        let node = cluster.node(&[]).await;
        let mut ana = node.v1("Ana").await;
        ana.join("room").await;
        let dying = cluster.broker().await;
        let ghost = Occupant { id: "ghost".parse().unwrap(), name: "Ghost".parse().unwrap(), named: 0 };
        let here = Roster { count: 1, people: vec![ghost] };
        dying.presence.announce(&[("room".parse().unwrap(), here)]).await.unwrap();
        assert_eq!(presence(&mut ana, came("Ghost")).await, 2);
        drop(dying);
        assert_eq!(presence(&mut ana, went).await, 1);
        assert_eq!(sees(&mut ana, 1).await, ["Ana"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_shown_again_after_redis_came_back_empty() {
    let mut server = RedisServer::start().unwrap();
    let cluster = Cluster::Redis(server.url(), "again:".to_owned());
    let (one, two) = (cluster.node(&[]).await, cluster.node(&[]).await);
    let (mut ana, mut bo) = (one.v1("Ana").await, two.v1("Bo").await);
    for client in [&mut ana, &mut bo] {
        client.join("room").await;
    }
    assert_eq!(sees(&mut ana, 2).await, ["Ana", "Bo"]);
    let healths = [&one, &two].map(|node| node.app.broker().core.health());
    server.restart(Data::Dropped).unwrap();
    for mut health in healths {
        within(health.wait_for(|health| health.ready && health.generation > 1)).await.unwrap();
    }
    let fields = || server.command(&["HLEN", "again:{room}:here"]).unwrap();
    crate::support::until(|| fields() == "2").await;
    // Who comes to a node that knows nothing yet is told of everybody.
    let three = cluster.node(&[]).await;
    let mut cy = three.v1("Cy").await;
    assert_eq!(sees(&mut cy, 3).await, ["Ana", "Bo", "Cy"]);
    for client in [&mut ana, &mut bo] {
        assert_eq!(sees(client, 3).await.len(), 3);
    }
}
