//! What passed and what failed.

use std::fmt::{self, Display, Formatter};

use anyhow::Result;

/// The sum over all suites.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
}

impl Tally {
    /// Counts one check that is not a test program, such as a lint.
    pub(super) fn check(&mut self, what: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => self.fail(format!("{what}: {error:#}")),
        }
    }

    /// Counts what a test program reported, or that it could not be run.
    pub(super) fn check_run(&mut self, what: &str, run: Result<Run>) {
        let run = match run {
            Ok(run) => run,
            Err(error) => return self.fail(format!("{what}: {error:#}")),
        };
        self.passed += run.passed;
        self.failed += run.failed;
        self.failures.extend(run.names.into_iter().map(|name| format!("{what}: {name}")));
        // A crash, a compile error or a deadline leaves no summary with failures.
        if let Some(wrong) = run.wrong
            && run.failed == 0
        {
            self.fail(format!("{what}: {wrong}"));
        }
    }

    fn fail(&mut self, failure: String) {
        eprintln!("FAILED {failure}");
        self.failed += 1;
        self.failures.push(failure);
    }

    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }

    pub(super) fn good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl Display for Tally {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// What one command's output told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    passed: u64,
    failed: u64,
    names: Vec<String>,
    /// Why the command itself did not end well.
    pub(super) wrong: Option<String>,
}

impl Run {
    /// Takes note of one line of output: a runner's summary or the name of a failed test.
    /// libtest and wasm-bindgen's runner print both alike.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(summary) = line.trim_start().strip_prefix("test result: ") {
            self.passed += number_before(summary, " passed").unwrap_or(0);
            self.failed += number_before(summary, " failed").unwrap_or(0);
        } else if let Some(name) = line.strip_prefix("test ")
            && let Some((name, "FAILED" | "FAIL")) = name.split_once(" ... ")
        {
            self.names.push(name.to_owned());
        }
    }
}

/// The 12 in `ok. 12 passed; 0 failed`.
fn number_before(text: &str, what: &str) -> Option<u64> {
    text.split(what).next()?.rsplit([' ', ';']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Run {
        let mut run = Run::default();
        output.lines().for_each(|line| run.read(line));
        run
    }

    #[test]
    fn summaries_are_added_up() {
        let run = read(
            "running 2 tests\ntest a::b ... ok\ntest c ... FAILED\n\nfailures:\n    c\n\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 3.01s\n",
        );
        assert_eq!(run, Run { passed: 13, failed: 1, names: vec!["c".into()], wrong: None });
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(
            read("test result: Failed to detect test as having been run.\n5 passed\n"),
            Run::default()
        );
    }

    #[test]
    fn a_program_that_dies_is_one_failure() {
        let mut tally = Tally::default();
        tally.check_run("x", Ok(Run { passed: 3, wrong: Some("signal 6".into()), ..Run::default() }));
        assert_eq!(tally.to_string(), "3 passed, 1 failed");
        assert!(!tally.good());
        let mut tally = Tally::default();
        tally.check_run("x", Ok(Run { failed: 2, wrong: Some("exit 101".into()), ..Run::default() }));
        assert_eq!(tally.to_string(), "0 passed, 2 failed");
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert!(!Tally::default().good());
    }
}
