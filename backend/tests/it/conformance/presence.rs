//! What presence promises.

use std::time::Duration;

use backend::broker::{
    Broker, Event,
    presence::{Announcement, Occupant, Roster},
};
use shared::text::Room;
use tokio::time::{sleep, timeout};

use super::{Fixture, STEP, next, room};

fn here(ids: &[&str], more: u64) -> Roster {
    let person = |id: &&str| Occupant {
        id: id.parse().unwrap(),
        name: format!("{id} of here").parse().unwrap(),
        named: id.len() as u64,
    };
    let people: Vec<_> = ids.iter().map(person).collect();
    Roster { count: people.len() as u64 + more, people }
}

async fn shown_to(broker: &Broker, room: &Room) -> Announcement {
    match next(broker).await {
        Event::Presence(of, shown) if of == *room => shown,
        other => panic!("received {other:?}"),
    }
}

async fn peers(broker: &Broker, room: &Room) -> Vec<Roster> {
    let mut found = broker.presence.peers(std::slice::from_ref(room)).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0).into_iter().map(|shown| shown.roster).collect()
}

pub(crate) async fn announcements_reach_the_others(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let (room, other) = (room("general"), room("other"));
    a.core.subscribe(&room).await.unwrap();
    b.core.subscribe(&room).await.unwrap();
    let mut before = 0;
    for said in [here(&["anna"], 0), here(&["anna", "berta"], 300), here(&["berta"], 0), Roster::default()] {
        a.presence.announce(&[(room.clone(), said.clone()), (other.clone(), here(&["x"], 0))]).await.unwrap();
        let shown = shown_to(&b, &room).await;
        assert_eq!(shown.roster, said);
        assert!(shown.number > before, "later words have greater numbers");
        before = shown.number;
        let wanted: Vec<_> = Some(said).filter(|said| said.count > 0).into_iter().collect();
        assert_eq!(peers(&c, &room).await, wanted, "whoever comes later reads it");
        assert_eq!(peers(&a, &room).await, [], "of the others");
    }
    // What one says does not touch what another says, and it is told in its order.
    b.presence.announce(&[(room.clone(), here(&["berta"], 0))]).await.unwrap();
    assert_eq!(shown_to(&a, &room).await.roster, here(&["berta"], 0));
    c.presence.announce(&[(room.clone(), here(&["clara"], 0))]).await.unwrap();
    let (mut one, two) = (peers(&a, &room).await, peers(&b, &room).await);
    one.sort_by_key(|here| here.people[0].id.clone());
    assert_eq!((one, two), (vec![here(&["berta"], 0), here(&["clara"], 0)], vec![here(&["clara"], 0)]));
}

pub(crate) async fn the_dead_are_nowhere(fixture: &mut impl Fixture) {
    let (a, b, c) = (fixture.broker().await, fixture.broker().await, fixture.broker().await);
    let room = room("general");
    a.presence.announce(&[(room.clone(), here(&["anna"], 0))]).await.unwrap();
    c.presence.announce(&[(room.clone(), here(&["clara"], 0))]).await.unwrap();
    let shown = b.presence.peers(std::slice::from_ref(&room)).await.unwrap().remove(0);
    let nodes: Vec<_> = shown.iter().map(|shown| shown.node.clone()).collect();
    assert_eq!(b.presence.alive(&nodes).await.unwrap(), [true, true]);
    let dead = shown.iter().position(|shown| shown.roster == here(&["anna"], 0)).unwrap();
    drop(a);
    let found_out = async {
        while b.presence.alive(&nodes).await.unwrap() != [dead == 1, dead == 0] {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(STEP, found_out).await.expect("a dead node is found out");
    for broker in [&b, &c] {
        let wanted: &[Roster] = if std::ptr::eq(broker, &raw const b) { &[here(&["clara"], 0)] } else { &[] };
        let reads = async {
            while peers(broker, &room).await != wanted {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(STEP, reads).await.expect("nobody is shown by the dead");
    }
    b.presence.remove(&nodes[dead], std::slice::from_ref(&room)).await.unwrap();
    assert_eq!(peers(&b, &room).await, [here(&["clara"], 0)], "the living stay");
}

pub(crate) async fn many_rooms_are_announced_at_once(fixture: &mut impl Fixture) {
    let (a, b) = (fixture.broker().await, fixture.broker().await);
    let rooms: Vec<_> = (0..700).map(|number| room(&format!("room {number}"))).collect();
    let words: Vec<_> =
        rooms.iter().enumerate().map(|(n, room)| (room.clone(), here(&["anna"], n as u64))).collect();
    a.presence.announce(&words).await.unwrap();
    let found = b.presence.peers(&rooms).await.unwrap();
    assert_eq!(found.len(), 700);
    for ((_, said), shown) in words.iter().zip(found) {
        let shown: Vec<_> = shown.iter().map(|shown| &shown.roster).collect();
        assert_eq!(shown, [said]);
    }
    assert_eq!(b.presence.peers(&[]).await.unwrap(), Vec::<Vec<Announcement>>::new());
}
