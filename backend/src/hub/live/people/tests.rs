use super::*;

fn person(id: &str, name: &str) -> Person {
    occupant(id, name, 0).person()
}

fn occupant(id: &str, name: &str, named: u64) -> Occupant {
    Occupant { id: id.parse().unwrap(), name: name.parse().unwrap(), named }
}

fn says(node: &str, number: u64, ids: &[&str], more: u64) -> Announcement {
    let people: Vec<_> = ids.iter().map(|id| occupant(id, id, 0)).collect();
    let roster = Roster { count: people.len() as u64 + more, people };
    Announcement { node: NodeId::new(node), number, roster }
}

fn words((came, went): Difference) -> String {
    let mut words: Vec<_> = came.iter().map(|person| format!("+{}", person.id)).collect();
    words.extend(went.iter().map(|id| format!("-{id}")));
    words.sort();
    words.join(" ")
}

#[test]
fn what_nodes_say_is_told_once_whoever_says_it() {
    let mut people = People::default();
    people.add(&occupant("ana", "ana", 0));
    for (shown, told, count) in [
        (says("b", 1, &["ana", "bo"], 0), "+bo", 2),
        (says("c", 1, &["bo", "cy"], 0), "+cy", 3),
        (says("b", 3, &["ana"], 0), "", 3),
        (says("b", 2, &["di"], 0), "", 3),
        (says("c", 2, &["cy"], 0), "-bo", 2),
        (says("c", 3, &["cy", "ed"], 7), "+ed", 10),
        (says("c", 4, &[], 0), "-cy -ed", 1),
        (says("c", 3, &["cy"], 0), "", 1),
    ] {
        let what = format!("{shown:?}");
        assert_eq!((words(people.apply(shown)).as_str(), people.count()), (told, count), "{what}");
    }
    assert_eq!(people.listed(), [person("ana", "ana")]);
    // On two nodes: gone only when the last is.
    people.remove(&"ana".parse().unwrap());
    assert_eq!(people.count(), 1);
    assert_eq!(words(people.node_gone(&NodeId::new("b"), Some(2))), "", "it has spoken since");
    assert_eq!(words(people.node_gone(&NodeId::new("b"), Some(3))), "-ana");
    assert_eq!((people.count(), words(people.node_gone(&NodeId::new("b"), None))), (0, String::new()));
}

#[test]
fn the_newest_name_holds_whoever_announces_it() {
    let mut people = People::default();
    let says = |node: &str, number, name: &str, named| {
        let roster = Roster { count: 1, people: vec![occupant("ana", name, named)] };
        Announcement { node: NodeId::new(node), number, roster }
    };
    let shown = |people: &People| people.listed()[0].name.to_string();
    for (announcement, told, name) in [
        (says("b", 1, "Ana", 0), "+ana", "Ana"),
        (says("b", 2, "Ana", 0), "", "Ana"),
        (says("b", 3, "Anna", 5), "+ana", "Anna"),
        (says("c", 1, "Ana", 0), "", "Anna"),
        (says("c", 2, "Ann", 7), "+ana", "Ann"),
        (says("c", 3, "Aan", 6), "+ana", "Aan"),
    ] {
        let what = format!("{announcement:?}");
        assert_eq!(words(people.apply(announcement)), told, "{what}");
        assert_eq!(shown(&people), name, "{what}");
    }
    // A session of this node may know an older name, or a newer one.
    people.add(&occupant("ana", "Ana", 0));
    assert_eq!((shown(&people), people.roster().people), ("Aan".to_owned(), vec![occupant("ana", "Ana", 0)]));
    people.rename(&occupant("ana", "Anja", 9));
    people.rename(&occupant("ana", "Aan", 6));
    assert_eq!(shown(&people), "Anja");
    people.remove(&"ana".parse().unwrap());
    // What a dead node said last goes with it, and the members are told the name that is left.
    assert_eq!(shown(&people), "Aan");
    assert_eq!(words(people.node_gone(&NodeId::new("c"), None)), "+ana");
    assert_eq!(shown(&people), "Anna");
}

#[test]
fn nodes_choose_the_same_of_two_names_without_order() {
    let says = |node: &str, name: &str| {
        let roster = Roster { count: 1, people: vec![occupant("ana", name, 0)] };
        Announcement { node: NodeId::new(node), number: 1, roster }
    };
    let names = [["one", "two"], ["two", "one"]].map(|order| {
        let mut people = People::default();
        for node in order {
            people.apply(says(node, &format!("Ana of {node}")));
        }
        people.listed()[0].name.to_string()
    });
    assert_eq!(names[0], names[1]);
}

#[test]
fn what_is_said_is_bounded() {
    let mut people = People::default();
    for number in 0..NAMED + 20 {
        people.add(&occupant(&format!("u{number}"), "x", 0));
    }
    let said = people.roster();
    assert_eq!((said.count, said.people.len()), (NAMED as u64 + 20, NAMED));
    assert_eq!(people.listed().len(), limits::PEOPLE_LISTED);
}
