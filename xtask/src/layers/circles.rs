//! Circles in a graph of names.

use std::collections::{BTreeMap, BTreeSet};

/// Which name has arrows to which others.
pub(super) type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The sets of names that reach each other; none if the graph has no circle.
pub(super) fn circles(arrows: &Arrows) -> Vec<BTreeSet<&String>> {
    let reach: BTreeMap<_, _> = arrows.keys().map(|from| (from, reachable(arrows, from))).collect();
    let reaches = |from: &String, to: &String| reach.get(from).is_some_and(|found| found.contains(to));
    let mut found: Vec<BTreeSet<&String>> = Vec::new();
    for name in arrows.keys().filter(|name| reaches(name, name)) {
        if !found.iter().any(|circle| circle.contains(name)) {
            let back = reach[name].iter().copied().filter(|other| reaches(other, name));
            found.push(back.collect());
        }
    }
    found
}

fn reachable<'a>(arrows: &'a Arrows, from: &String) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = arrows.get(from).into_iter().flatten().collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(arrows.get(name).into_iter().flatten());
        }
    }
    found
}

#[test]
fn circles_are_found_and_chains_are_not() {
    let graph = |arrows: &[(&str, &str)]| {
        let mut graph = Arrows::new();
        for (from, to) in arrows {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert!(circles(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
    let two = graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("f", "a")]);
    let found: Vec<_> =
        circles(&two).into_iter().map(|circle| circle.into_iter().cloned().collect::<String>()).collect();
    assert_eq!(found, ["abc", "de"]);
}
