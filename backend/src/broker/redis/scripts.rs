//! What runs inside Redis.

use std::sync::LazyLock;

use ::redis::Cmd;

/// A Lua script and the name under which Redis caches it.
#[derive(Debug)]
pub(super) struct Script {
    source: &'static str,
    sha: String,
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $($file:literal),+;)*) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(concat!($(include_str!($file)),+)));
    )*};
}

scripts! {
    /// Stores entries and delivers them.
    PUBLISH = "scripts/skipped.lua", "scripts/publish.lua";
    /// The newest position of a room.
    HEAD = "scripts/head.lua";
    /// The first position that is still there.
    KEPT = "scripts/skipped.lua", "scripts/kept.lua";
    /// Renews the lease and publishes to the node itself.
    PROBE = "scripts/probe.lua";
    /// Announces who is in a room on a node.
    ANNOUNCE = "scripts/announce.lua";
    /// Writes a record.
    PUT = "scripts/put.lua";
    /// Reads and deletes a record.
    TAKE = "scripts/take.lua";
    /// Tidies an index.
    FORGET = "scripts/forget.lua";
}

impl Script {
    fn new(source: &'static str) -> Self {
        Self { source, sha: ::redis::Script::new(source).get_hash().to_owned() }
    }

    /// Runs it if Redis has it, otherwise answers NOSCRIPT.
    pub(super) fn cached(&self, keys: &[impl AsRef<str>]) -> Cmd {
        call("EVALSHA", &self.sha, keys)
    }

    /// Runs it and makes Redis keep it.
    pub(super) fn whole(&self, keys: &[impl AsRef<str>]) -> Cmd {
        call("EVAL", self.source, keys)
    }

    /// Makes Redis keep it.
    pub(super) fn load(&self) -> Cmd {
        let mut load = ::redis::cmd("SCRIPT");
        load.arg("LOAD").arg(self.source);
        load
    }
}

fn call(verb: &str, script: &str, keys: &[impl AsRef<str>]) -> Cmd {
    let mut call = ::redis::cmd(verb);
    call.arg(script).arg(keys.len());
    for key in keys {
        call.arg(key.as_ref());
    }
    call
}
