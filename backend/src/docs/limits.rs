//! The bounds in docs/limits.md, from the constants and settings that make them.

mod table;

use std::{fmt::Write, fs, path::Path};

use shared::{close::CloseReason, error::ErrorCode};

use self::table::{address, connection, history, node, said, sending};
use super::{cell, check, command, default, top};

/// One bound.
struct Bound {
    what: &'static str,
    is: Is,
    beyond: Beyond,
    /// The test that reaches it; empty if there is none.
    test: &'static str,
}

/// Where the number comes from.
enum Is {
    /// A constant, with its unit.
    Fixed(String),
    /// A setting by its flag, with the unit of its default.
    Set(&'static str, &'static str),
    /// Two settings that belong together: so many at once, then so many of a unit.
    Paced(&'static str, &'static str, &'static str),
}

/// What happens beyond the bound.
enum Beyond {
    Refused(ErrorCode),
    Closed(CloseReason),
    Status(u16),
    Else(&'static str),
}

use Beyond::{Closed, Else, Refused, Status};
use Is::{Fixed, Paced, Set};

#[test]
fn bounds() {
    let mut text = String::new();
    for (title, bounds) in [
        ("What is said", said()),
        ("One connection", connection()),
        ("One address", address()),
        ("Sending", sending()),
        ("History", history()),
        ("Inside a node", node()),
    ] {
        let head = "| What | Default | Setting | Beyond it | Test |\n|---|---|---|---|---|";
        writeln!(text, "## {title}\n\n{head}").expect("a string takes everything");
        for bound in &bounds {
            row(&mut text, bound).expect("a string takes everything");
        }
        text.push('\n');
    }
    text.pop();
    check("docs/limits.md", "limits", &text);
}

/// The tests that the bounds name exist.
#[test]
fn tests_of_bounds_exist() {
    let mut sources = String::new();
    for folder in ["shared", "backend/src", "backend/tests"] {
        collect(&top().join(folder), &mut sources);
    }
    for bound in [said(), connection(), address(), sending(), history(), node()].iter().flatten() {
        let name = bound.test;
        assert!(
            name.is_empty() || sources.contains(&format!("fn {name}(")),
            "no test {name} for: {}",
            bound.what
        );
    }
}

fn collect(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
}

fn row(text: &mut String, bound: &Bound) -> std::fmt::Result {
    let (is, setting) = match &bound.is {
        Fixed(is) => (is.clone(), String::new()),
        Set(flag, unit) => (format!("{} {unit}", value(flag)), format!("`--{flag}`")),
        Paced(burst, rate, unit) => {
            (format!("{} at once, then {}", value(burst), unit.replace("{}", &value(rate))), {
                format!("`--{burst}`, `--{rate}`")
            })
        }
    };
    let beyond = match &bound.beyond {
        Refused(code) => format!("error `{}`", code.name()),
        Closed(reason) => format!("close {}", reason.code()),
        Status(status) => format!("HTTP {status}"),
        Else(what) => (*what).to_owned(),
    };
    let proof = if bound.test.is_empty() { String::new() } else { format!("`{}`", bound.test) };
    writeln!(text, "| {} | {} | {setting} | {} | {proof} |", bound.what, cell(is.trim()), cell(&beyond))
}

/// The default of a setting.
fn value(flag: &str) -> String {
    let command = command();
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(flag));
    default(arg.unwrap_or_else(|| panic!("no setting --{flag}"))).unwrap_or_default()
}

fn bound(what: &'static str, is: Is, beyond: Beyond, test: &'static str) -> Bound {
    Bound { what, is, beyond, test }
}

fn bytes(count: usize) -> Is {
    Fixed(if count >= 1 << 20 {
        format!("{} MiB", count >> 20)
    } else if count >= 1024 {
        format!("{} KiB", count >> 10)
    } else {
        format!("{count} bytes")
    })
}
