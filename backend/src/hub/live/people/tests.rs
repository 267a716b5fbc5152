use super::*;

fn person(id: &str, name: &str) -> Person {
    Person { id: id.parse().unwrap(), name: name.parse().unwrap() }
}

fn says(node: &str, number: u64, ids: &[&str], more: u64) -> Announcement {
    let people: Vec<_> = ids.iter().map(|id| person(id, id)).collect();
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
    assert_eq!(people.add(&person("ana", "ana")), Arrival::First);
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
    assert!(people.remove(&"ana".parse().unwrap()));
    assert_eq!(people.count(), 1);
    assert_eq!(words(people.node_gone(&NodeId::new("b"), Some(2))), "", "it has spoken since");
    assert_eq!(words(people.node_gone(&NodeId::new("b"), Some(3))), "-ana");
    assert_eq!((people.count(), words(people.node_gone(&NodeId::new("b"), None))), (0, String::new()));
}

#[test]
fn a_new_name_elsewhere_is_told_unless_this_node_knows_better() {
    let mut people = People::default();
    let renamed = |number, name: &str| {
        let roster = Roster { count: 1, people: vec![person("ana", name)] };
        Announcement { node: NodeId::new("b"), number, roster }
    };
    assert_eq!(words(people.apply(renamed(1, "Ana"))), "+ana");
    assert_eq!(words(people.apply(renamed(2, "Ana"))), "");
    assert_eq!(words(people.apply(renamed(3, "Anna"))), "+ana");
    assert_eq!(people.listed(), [person("ana", "Anna")]);
    people.add(&person("ana", "Ann"));
    assert_eq!(words(people.apply(renamed(4, "Ana"))), "");
    assert_eq!(people.listed(), [person("ana", "Ann")]);
    assert_eq!(people.roster().people, people.listed());
}

#[test]
fn what_is_said_is_bounded() {
    let mut people = People::default();
    for number in 0..NAMED + 20 {
        people.add(&person(&format!("u{number}"), "x"));
    }
    let said = people.roster();
    assert_eq!((said.count, said.people.len()), (NAMED as u64 + 20, NAMED));
    assert_eq!(people.listed().len(), limits::PEOPLE_LISTED);
}
