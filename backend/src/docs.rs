//! The tables of README.md and docs/limits.md, written from the code: a test fails where they differ, and writes them
//! anew when `UPDATE_DOCS=1` is set.

mod architecture;
mod limits;
mod security;
mod settings;

use std::{env, fs, path::PathBuf};

use clap::{Arg, Command, CommandFactory};

use crate::config::Cli;

fn top() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn command() -> Command {
    Cli::command()
}

/// What stands between the two marks of `name` in a file must be `text`.
fn check(file: &str, name: &str, text: &str) {
    let path = top().join(file);
    let have = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (start, end) = (format!("<!-- {name}: written by a test -->\n"), format!("<!-- end of {name} -->"));
    let marked = have.split_once(&start).and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
    let (before, (_, after)) = marked.unwrap_or_else(|| panic!("{file} has no marks of {name}"));
    let want = format!("{before}{start}\n{text}\n{end}{after}");
    if have != want && env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&path, &want).unwrap_or_else(|error| panic!("{file}: {error}"));
    } else {
        assert!(have == want, "{file} is out of date: UPDATE_DOCS=1 cargo test -p backend --lib docs::");
    }
}

/// The default of a setting as it is shown, if it has one.
fn default(arg: &Arg) -> Option<String> {
    let values: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
