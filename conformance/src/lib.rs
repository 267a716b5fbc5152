//! Checks that a running node behaves as `docs/protocol.md` says.
//!
//! It shares no code with the server: it reads and writes plain JSON, so what both sides got wrong in the same way is
//! found. In reading order:
//! - [`Case`]: one documented behaviour; [`cases`] lists all of them.
//! - [`target`]: the nodes under test; [`client`]: one connection to them.
//! - [`v1`] and [`classic`]: the cases of the two dialects, a file for each section of the document.

#![forbid(unsafe_code)]

pub mod classic;
pub mod client;
pub mod node;
pub mod target;
pub mod v1;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;

pub use self::target::Target;

/// What a case needs the server to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// hubbub.v1
    V1,
    /// The classic dialect with what Hubbub adds to it: errors, both dialects in one room
    Classic,
    /// Only what the inherited protocol defines, for other servers that speak it
    Inherited,
}

/// One documented behaviour.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What it needs the server to speak.
    pub dialect: Dialect,
    /// The heading in `docs/protocol.md` under which the behaviour stands.
    pub section: &'static str,
    /// The behaviour, as a statement.
    pub name: &'static str,
    check: fn(&Target) -> Result<()>,
}

/// What came of a case.
#[derive(Debug)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// Why it failed; `None` if the node behaves as documented.
    pub failure: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl Case {
    /// Checks it against the nodes. Every wait in it has a deadline.
    pub fn run(self, target: &Target) -> Outcome {
        let start = Instant::now();
        let failure = (self.check)(target).err().map(|error| format!("{error:#}"));
        Outcome { case: self, failure, took: start.elapsed() }
    }

    /// `docs/protocol.md#heading`
    pub fn reference(&self) -> String {
        let heading = self.section.to_lowercase().replace([':', '.', ','], "").replace(' ', "-");
        format!("docs/protocol.md#{heading}")
    }

    /// Whether it belongs to this selection: classic includes what is inherited.
    pub fn is_of(&self, dialect: Dialect) -> bool {
        self.dialect == dialect || dialect == Dialect::Classic && self.dialect == Dialect::Inherited
    }
}

/// Every case, in the order of the document.
pub fn cases() -> Vec<Case> {
    v1::cases().into_iter().chain(classic::cases()).collect()
}

impl Dialect {
    /// As the command line names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::Classic => "classic",
            Self::Inherited => "inherited",
        }
    }
}
