//! The settings in README.md, from the definition of the command line.

use std::fmt::Write;

use clap::{Arg, Command};

use super::{cell, check, command, default};

#[test]
fn settings() {
    check("README.md", "settings", &table(&command()));
}

/// Every setting has a variable and a sentence, so that the table has no holes.
#[test]
fn settings_are_complete() {
    for arg in command().get_arguments() {
        assert!(arg.get_long().is_some() && arg.get_env().is_some() && arg.get_help().is_some(), "{arg:?}");
    }
}

fn table(command: &Command) -> String {
    let mut text = String::from("| Flag | Variable | Default | Meaning |\n|---|---|---|---|\n");
    for arg in command.get_arguments() {
        row(&mut text, arg).expect("a string takes everything");
    }
    text
}

fn row(text: &mut String, arg: &Arg) -> std::fmt::Result {
    let values = arg.get_value_names().unwrap_or_default();
    let flag = format!("--{} {}", arg.get_long().unwrap_or_default(), values.join(" "));
    let variable = arg.get_env().unwrap_or_default().to_string_lossy();
    let default = default(arg).map(|value| format!("`{value}`")).unwrap_or_default();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    writeln!(text, "| `{}` | `{variable}` | {} | {}. |", cell(&flag), cell(&default), cell(&help))
}
