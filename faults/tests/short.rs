//! The short selection, each fault a test: small, several at once, and with wide bounds of time, since the machine has
//! other tests to run. What the checker says has no width: its lists must be empty.

use std::path::{Path, PathBuf};

use faults::{fault::Fault, testbed::RunOptions};

/// The server that was built with these tests, or what `HUBBUB_BINARY` names.
fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("HUBBUB_BINARY") {
        return named.into();
    }
    // This program is target/debug/deps/short-<hash>, wherever the target folder is.
    let own = std::env::current_exe().expect("a program has a file");
    let debug = own.parent().and_then(Path::parent).expect("the file is in a folder of the target folder");
    let binary = debug.join(format!("hubbub{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.is_file(), "{} is not there; build it with: cargo build -p backend", binary.display());
    binary
}

fn play(fault: Fault) {
    let options = RunOptions {
        binary: binary(),
        old_binary: None,
        cluster: None,
        seed: 7,
        nodes: 3,
        clients: 60,
        rooms: 12,
        rate: 60,
        short: true,
        slack: 5,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime starts");
    let row = runtime.block_on(fault.play(&options));
    assert!(row.passed(), "{row}\n{}", row.violations().join("\n"));
}

macro_rules! tests {
    ($($name:ident: $fault:ident,)+) => {
        const PLAYED: &[Fault] = &[$(Fault::$fault),+];

        $(#[test]
        fn $name() {
            play(Fault::$fault);
        })+
    };
}

tests! {
    f1: F1,
    f1b: F1b,
    f2: F2,
    f3: F3,
    f4: F4,
    f4c: F4c,
    f5: F5,
    f5b: F5b,
    f6: F6,
    f7: F7,
    f9: F9,
    f10: F10,
    f11: F11,
    f12: F12,
    f17: F17,
    f17b: F17b,
    f17c: F17c,
    f18: F18,
    f18b: F18b,
    f20: F20,
    f21: F21,
    f22: F22,
    f23: F23,
    f25: F25,
    f26: F26,
    f28: F28,
    f29: F29,
    f30: F30,
}

#[test]
fn the_whole_short_selection_is_here() {
    assert_eq!(PLAYED, Fault::SHORT);
}
