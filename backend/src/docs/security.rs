//! The files and tests that docs/security.md names exist.

use std::{fs, path::Path};

use super::top;

#[test]
fn threats_name_what_exists() {
    let text = fs::read_to_string(top().join("docs/security.md")).expect("docs/security.md");
    let (mut files, mut sources) = (Vec::new(), String::new());
    for folder in ["backend", "frontend", "shared", "e2e"] {
        collect(&top().join(folder), &mut files, &mut sources);
    }
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| S")).collect();
    assert!(rows.len() >= 30, "{} threats", rows.len());
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let [_, _, _, places, tests] = cells[..] else { panic!("not five cells: {row}") };
        for name in names(places) {
            assert!(files.iter().any(|file| file.ends_with(&format!("/{name}"))), "no file {name}: {row}");
        }
        for name in names(tests) {
            assert!(sources.contains(&format!("fn {name}(")), "no test {name}: {row}");
        }
    }
}

/// What stands between backquotes.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn collect(folder: &Path, files: &mut Vec<String>, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "lua") {
            sources.push_str(&fs::read_to_string(&path).expect("a source file"));
            files.push(path.display().to_string());
        }
    }
}
