//! What came of a fault, as a line of a table.

use std::fmt;

use crate::checker::Verdict;

/// What a fault measured, and what of it was not as it must be.
#[derive(Debug, Clone)]
pub struct Figures {
    /// In words, in order.
    pub told: Vec<String>,
    /// Criteria of the fault itself that were missed.
    pub missed: Vec<String>,
    /// Where set: of what had been said before this time of the run, in milliseconds, nothing may be lost.
    pub lost_since: Option<u64>,
    slack: u64,
}

impl Figures {
    /// Nothing yet. Bounds of time are multiplied by `slack`: more than 1 for a machine that has other things to do.
    pub fn new(slack: u64) -> Self {
        Self { told: Vec::new(), missed: Vec::new(), lost_since: None, slack }
    }

    /// Notes a figure.
    pub fn note(&mut self, figure: impl Into<String>) {
        self.told.push(figure.into());
    }

    /// Notes a figure that must not exceed a bound.
    pub fn at_most(&mut self, what: &str, value: u64, most: u64, unit: &str) {
        self.told.push(format!("{what} {value}{unit}"));
        if value > most {
            self.missed.push(format!("{what}: {value}{unit}, at most {most}{unit} allowed"));
        }
    }

    /// Notes a time in milliseconds that must not exceed a bound.
    pub fn in_time(&mut self, what: &str, value: u64, most: u64) {
        self.at_most(what, value, most * self.slack, " ms");
    }

    /// Notes how many acknowledged messages were lost, by when they had been said. What was said up to a second before
    /// the allowed time may have been stored after it.
    pub fn lost(&mut self, said: &[u64]) {
        if said.is_empty() {
            return;
        }
        self.told.push(format!("{} acknowledged messages lost, all told", said.len()));
        let Some(since) = self.lost_since else { return };
        let early = said.iter().filter(|said| **said + 1_000 * self.slack < since).count();
        if early > 0 {
            self.missed.push(format!(
                "{early} of the lost messages had been said before there was anything to lose"
            ));
        }
    }

    /// Notes how long deliveries to those who have nothing to do with the fault took before and meanwhile: what 99 of
    /// 100 stayed below, in milliseconds. A fifth more is allowed, or 200 ms: the times are a few milliseconds, a shared
    /// machine alone moves them by more than that, and nobody notices less in a chat.
    pub fn others(&mut self, what: &str, before: u64, meanwhile: u64) {
        self.told.push(format!("{what} {before} -> {meanwhile} ms"));
        let most = (before * 6 / 5).max(before + 200 * self.slack);
        if meanwhile > most {
            self.missed.push(format!("{what}: {meanwhile} ms, at most {most} ms allowed"));
        }
    }

    /// Notes what must be so.
    pub fn must(&mut self, what: &str, is: bool) {
        if !is {
            self.missed.push(format!("not so: {what}"));
        }
    }
}

/// One fault, played.
#[derive(Debug)]
pub struct Row {
    /// Its number in the matrix.
    pub id: String,
    /// What it does.
    pub what: &'static str,
    /// Seconds that it took in all.
    pub seconds: u64,
    /// What it measured.
    pub figures: Figures,
    /// What the checker says; `None`: the run could not be brought to its end.
    pub verdict: Option<Verdict>,
    /// Whether told losses of acknowledged messages are allowed.
    pub may_lose: bool,
}

impl Row {
    /// Everything that is wrong, a sentence each; at most a few of a kind.
    pub fn violations(&self) -> Vec<String> {
        let mut all = self.figures.missed.clone();
        let Some(verdict) = &self.verdict else { return all };
        for (name, list) in verdict.lists() {
            if let Some(first) = list.first() {
                all.push(format!("{name}: {} ({first})", list.len()));
            }
        }
        if !verdict.told_losses.is_empty() && !self.may_lose {
            all.push(format!("{} acknowledged messages were lost, though told", verdict.told_losses.len()));
        }
        all
    }

    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.verdict.is_some() && self.violations().is_empty()
    }
}

/// A Markdown table line.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.passed() { "pass" } else { "FAIL" };
        let acked = self.verdict.as_ref().map_or(0, |verdict| verdict.acked);
        let figures = self.figures.told.join("; ");
        write!(f, "| {} | {} | {result} | {acked} | {} s | {figures} |", self.id, self.what, self.seconds)
    }
}

/// The head of the table.
pub const HEAD: &str = "| # | Fault | Result | Acks checked | Took | Figures |\n|---|---|---|---|---|---|";
