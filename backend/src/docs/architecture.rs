//! The files that ARCHITECTURE.md names exist.

use std::{fs, path::Path};

use super::top;

#[test]
fn named_files_exist() {
    let text = fs::read_to_string(top().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut files = Vec::new();
    for folder in
        ["backend", "frontend", "shared", "testkit", "e2e", "faults", "conformance", "xtask", "docs"]
    {
        collect(&top().join(folder), &mut files);
    }
    // Between backquotes: every second piece of a line.
    let named = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let named: Vec<_> = named
        .filter(|word| {
            Path::new(word).extension().is_some_and(|kind| kind == "rs" || kind == "lua")
                || word.ends_with('/')
        })
        .collect();
    assert!(named.len() > 40, "{named:?}");
    for word in named {
        let end = format!("/{}", word.trim_end_matches('/'));
        assert!(
            files.iter().any(|file| file.ends_with(&end)),
            "ARCHITECTURE.md names `{word}`: no such file"
        );
    }
}

/// All files and folders, without what was built.
fn collect(folder: &Path, files: &mut Vec<String>) {
    files.push(folder.display().to_string());
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path.display().to_string());
        }
    }
}
