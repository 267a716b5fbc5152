//! The rules, applied to this workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::circles::{Arrows, circles};
use super::graph::{Crate, Use, roots};

/// Most lines of a file.
const LINES: usize = 400;

/// The packages of the workspace, each with those that it may use: the product, and beside it its tests.
const PACKAGES: [(&str, &[&str], &[&str]); 8] = [
    ("shared", &[], &[]),
    ("backend", &["shared"], &["testkit"]),
    ("frontend", &["shared"], &[]),
    ("testkit", &["shared"], &[]),
    ("faults", &["shared", "testkit"], &[]),
    ("e2e", &["shared", "testkit"], &[]),
    // Not shared: it reads the wire without the code that it checks.
    ("conformance", &[], &["testkit"]),
    ("xtask", &[], &["testkit"]),
];

/// The layers of the server: a module uses only what is in its own row or in a row below.
const LAYERS: [&[&str]; 8] = [
    &["main", "tools"],
    &["app"],
    &["http"],
    &["session"],
    &["hub"],
    &["identity", "policy"],
    &["broker"],
    &["limits", "metrics", "outbox", "peer", "shutdown", "clock", "telemetry", "config", "docs"],
];

/// Modules that may name a concrete broker.
const NAMES_BROKERS: [&str; 2] = ["app", "tools"];

/// Arrows that still close a circle or point against the layers. Cut one, and take it out of this list.
const KNOWN: &[(&str, &str)] = &[];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the top folder").to_owned()
}

/// An arrow between two files.
#[derive(Debug)]
struct Arrow {
    /// As `backend/src/hub/join`.
    from: String,
    to: String,
    /// The same from the first level at which they differ, as `backend/src/hub` and `backend/src/session`;
    /// `None` if one is below the other.
    modules: Option<(String, String)>,
}

/// A use of another crate.
#[derive(Debug)]
struct Foreign {
    from: String,
    /// As `axum::extract::ws::Message`.
    path: String,
}

fn read() -> (Vec<Arrow>, Vec<Foreign>) {
    let top = top();
    let (mut arrows, mut foreign) = (Vec::new(), Vec::new());
    let packages = PACKAGES.map(|(name, ..)| name);
    for root in roots(&top, &packages) {
        let folder = root.parent().and_then(|folder| folder.strip_prefix(&top).ok()).expect("below the top");
        let stem = root.file_stem().expect("a file").to_string_lossy().into_owned();
        let name = |place: &[String]| {
            let base = folder.display().to_string();
            let own = if place.is_empty() { std::slice::from_ref(&stem) } else { place };
            std::iter::once(&base).chain(own).map(String::as_str).collect::<Vec<_>>().join("/")
        };
        for (from, used) in Crate::read(&root).expect("every file can be read").uses() {
            match used {
                Use::Crate(used) => foreign.push(Foreign { from: name(&from), path: used }),
                Use::File(to) => {
                    let same = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
                    let apart = same < from.len() && same < to.len();
                    let modules = apart.then(|| (name(&from[..=same]), name(&to[..=same])));
                    arrows.push(Arrow { from: name(&from), to: name(&to), modules });
                }
            }
        }
    }
    assert!(arrows.len() > 300, "the imports are not read any more: {}", arrows.len());
    (arrows, foreign)
}

fn known(from: &str, to: &str) -> bool {
    KNOWN.contains(&(from, to))
}

/// The arrows between modules, each with the files that cause it.
fn between(arrows: &[Arrow]) -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for Arrow { from, to, modules } in arrows {
        if let Some(modules) = modules {
            found.entry(modules.clone()).or_default().push(format!("{from} -> {to}"));
        }
    }
    found
}

fn graph<'a>(arrows: impl IntoIterator<Item = &'a (String, String)>) -> Arrows {
    let mut graph = Arrows::new();
    for (from, to) in arrows {
        graph.entry(from.clone()).or_default().insert(to.clone());
    }
    graph
}

#[test]
fn modules_have_no_circle() {
    let arrows = between(&read().0);
    let graph = graph(arrows.keys().filter(|(from, to)| !known(from, to)));
    let mut report = Vec::new();
    for circle in circles(&graph) {
        report.push("a circle:".to_owned());
        let inside = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        report.extend(inside.map(|((from, to), files)| format!("  {from} -> {to}: {}", files.join(", "))));
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn known_arrows_are_still_wrong() {
    let arrows = between(&read().0);
    let all = graph(arrows.keys());
    let circles = circles(&all);
    for (from, to) in KNOWN {
        let there = all.get(*from).is_some_and(|used| used.contains(*to));
        let has = |circle: &BTreeSet<&String>, name: &str| circle.iter().any(|one| *one == name);
        let circular = circles.iter().any(|circle| has(circle, from) && has(circle, to));
        let upwards = rank(from).zip(rank(to)).is_some_and(|(from, to)| from > to);
        assert!(there && (circular || upwards), "{from} -> {to} is mended: take it out of the list");
    }
}

/// The row of a module of the server in [`LAYERS`].
fn rank(module: &str) -> Option<usize> {
    let name = module.strip_prefix("backend/src/")?.split('/').next()?;
    let row = LAYERS.iter().position(|row| row.contains(&name));
    Some(row.unwrap_or_else(|| panic!("{module} is in no layer: give it one")))
}

#[test]
fn layers_point_one_way() {
    for ((from, to), files) in between(&read().0) {
        if let Some((above, below)) = rank(&from).zip(rank(&to))
            && !known(&from, &to)
        {
            assert!(above <= below, "{from} -> {to} points against the layers: {}", files.join(", "));
        }
    }
}

#[test]
fn only_the_top_names_a_broker() {
    for Arrow { from, to, .. } in read().0 {
        for broker in ["backend/src/broker/redis", "backend/src/broker/embedded"] {
            let outside = from.starts_with("backend/src/") && !from.starts_with(broker);
            let allowed = NAMES_BROKERS.iter().any(|name| from.starts_with(&format!("backend/src/{name}")));
            assert!(!(to.starts_with(broker) && outside) || allowed, "{from} names a concrete broker: {to}");
        }
    }
}

#[test]
fn packages_use_only_what_they_may() {
    let (_, foreign) = read();
    let names: BTreeSet<_> = PACKAGES.iter().map(|(name, ..)| *name).collect();
    for Foreign { from, path } in &foreign {
        let (package, kind) = from.split_once('/').expect("a file is in a package");
        let name = path.split("::").next().unwrap_or_default();
        if names.contains(name) && name != package {
            let (_, product, tests) = PACKAGES.iter().find(|row| row.0 == package).expect("a known package");
            let allowed = product.contains(&name) || !kind.starts_with("src/") && tests.contains(&name);
            assert!(allowed, "{from} uses {name}");
        }
        let sockets = from.starts_with("backend/src/") && path.starts_with("axum::extract::ws");
        assert!(!sockets || from.starts_with("backend/src/http"), "{from} uses {path}: only http may");
    }
}

#[test]
fn files_are_short() {
    let mut folders: Vec<_> = PACKAGES.iter().map(|(name, ..)| top().join(name)).collect();
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                files += 1;
                let lines = fs::read_to_string(&path).expect("a text").lines().count();
                assert!(lines <= LINES, "{} has {lines} lines: split it by its ideas", path.display());
            }
        }
    }
    assert!(files > 200, "{files} files were looked at");
}
