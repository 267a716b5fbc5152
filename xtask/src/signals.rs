//! Being told to stop, without being stopped in the middle of tidying up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};

/// Whether somebody asked this process to stop (Ctrl-C, SIGTERM, SIGHUP).
#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// From here on the signals only set this mark.
    pub(crate) fn listen() -> Result<Self> {
        let mark = Arc::new(AtomicUsize::new(0));
        for signal in [
            SIGINT,
            SIGTERM,
            #[cfg(unix)]
            signal_hook::consts::SIGHUP,
        ] {
            let value = usize::try_from(signal).context("signal numbers are positive")?;
            signal_hook::flag::register_usize(signal, Arc::clone(&mark), value)
                .context("cannot listen for signals")?;
        }
        Ok(Self(mark))
    }

    /// True once a signal has come.
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}
