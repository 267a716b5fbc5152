//! What saying who is where promises.

use std::time::Duration;

use backend::broker::{
    Broker, Event,
    presence::{Here, Shown},
};
use shared::{message::Person, text::Room};
use tokio::time::{sleep, timeout};

use super::{Fixture, STEP, next, room};

fn here(ids: &[&str], more: u64) -> Here {
    let person =
        |id: &&str| Person { id: id.parse().unwrap(), name: format!("{id} of here").parse().unwrap() };
    let people: Vec<_> = ids.iter().map(person).collect();
    Here { count: people.len() as u64 + more, people }
}

async fn shown_to(broker: &Broker, room: &Room) -> Shown {
    match next(broker).await {
        Event::Here(of, shown) if of == *room => shown,
        other => panic!("received {other:?}"),
    }
}

async fn elsewhere(broker: &Broker, room: &Room) -> Vec<Here> {
    let mut found = broker.presence.elsewhere(std::slice::from_ref(room)).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0).into_iter().map(|shown| shown.here).collect()
}

pub(crate) async fn what_a_node_shows_is_seen(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let (room, other) = (room("general"), room("other"));
    a.bus.take(&room).await.unwrap();
    b.bus.take(&room).await.unwrap();
    let mut before = 0;
    for said in [here(&["anna"], 0), here(&["anna", "berta"], 300), here(&["berta"], 0), Here::default()] {
        a.presence.show(&[(room.clone(), said.clone()), (other.clone(), here(&["x"], 0))]).await.unwrap();
        let shown = shown_to(&b, &room).await;
        assert_eq!(shown.here, said);
        assert!(shown.number > before, "later words have greater numbers");
        before = shown.number;
        let wanted: Vec<_> = Some(said).filter(|said| said.count > 0).into_iter().collect();
        assert_eq!(elsewhere(&c, &room).await, wanted, "whoever comes later reads it");
        assert_eq!(elsewhere(&a, &room).await, [], "of the others");
    }
    // What one says does not touch what another says, and it is told in its order.
    b.presence.show(&[(room.clone(), here(&["berta"], 0))]).await.unwrap();
    assert_eq!(shown_to(&a, &room).await.here, here(&["berta"], 0));
    c.presence.show(&[(room.clone(), here(&["clara"], 0))]).await.unwrap();
    let (mut one, two) = (elsewhere(&a, &room).await, elsewhere(&b, &room).await);
    one.sort_by_key(|here| here.people[0].id.clone());
    assert_eq!((one, two), (vec![here(&["berta"], 0), here(&["clara"], 0)], vec![here(&["clara"], 0)]));
}

pub(crate) async fn who_is_dead_is_nowhere(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let room = room("general");
    a.presence.show(&[(room.clone(), here(&["anna"], 0))]).await.unwrap();
    c.presence.show(&[(room.clone(), here(&["clara"], 0))]).await.unwrap();
    let shown = b.presence.elsewhere(std::slice::from_ref(&room)).await.unwrap().remove(0);
    let nodes: Vec<_> = shown.iter().map(|shown| shown.node.clone()).collect();
    assert_eq!(b.presence.living(&nodes).await.unwrap(), [true, true]);
    let dead = shown.iter().position(|shown| shown.here == here(&["anna"], 0)).unwrap();
    drop(a);
    let found_out = async {
        while b.presence.living(&nodes).await.unwrap() != [dead == 1, dead == 0] {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(STEP, found_out).await.expect("a dead node is found out");
    for broker in [&b, &c] {
        let wanted: &[Here] = if std::ptr::eq(broker, &raw const b) { &[here(&["clara"], 0)] } else { &[] };
        let reads = async {
            while elsewhere(broker, &room).await != wanted {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(STEP, reads).await.expect("nobody is shown by the dead");
    }
    b.presence.sweep(&nodes[dead], std::slice::from_ref(&room)).await.unwrap();
    assert_eq!(elsewhere(&b, &room).await, [here(&["clara"], 0)], "the living stay");
}

pub(crate) async fn many_rooms_are_shown_at_once(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let rooms: Vec<_> = (0..700).map(|number| room(&format!("room {number}"))).collect();
    let words: Vec<_> =
        rooms.iter().enumerate().map(|(n, room)| (room.clone(), here(&["anna"], n as u64))).collect();
    a.presence.show(&words).await.unwrap();
    let found = b.presence.elsewhere(&rooms).await.unwrap();
    assert_eq!(found.len(), 700);
    for ((_, said), shown) in words.iter().zip(found) {
        let shown: Vec<_> = shown.iter().map(|shown| &shown.here).collect();
        assert_eq!(shown, [said]);
    }
    assert_eq!(b.presence.elsewhere(&[]).await.unwrap(), Vec::<Vec<Shown>>::new());
}
