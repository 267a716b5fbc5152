//! Steps the wall clock of a running process and fills its disk, without rights over the machine.

use std::{env, fs, fs::File, io::ErrorKind, os::unix::fs::FileExt, process::Command};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

const SOURCE: &str = include_str!("preload/preload.c");

/// A preloaded library that controls the clock and the disk space of every process started with its environment,
/// restarted ones included. The process must be dynamically linked.
#[derive(Debug)]
pub struct Preload {
    words: File,
    folder: TempDir,
}

impl Preload {
    /// Compiles the library. At first the clock is right and the disk has space.
    ///
    /// # Errors
    ///
    /// Without Linux or a C compiler.
    pub fn new() -> Result<Self> {
        ensure!(cfg!(target_os = "linux"), "clocks can be stepped and disks filled on Linux only");
        let folder = TempDir::with_prefix("preload-")?;
        let source = folder.path().join("preload.c");
        fs::write(&source, SOURCE)?;
        let mut compile = Command::new(env::var_os("CC").unwrap_or("cc".into()));
        compile.args(["-O1", "-shared", "-fPIC", "-o"]).arg(folder.path().join("preload.so")).arg(&source);
        match compile.output() {
            Ok(output) if output.status.success() => {}
            Ok(output) => bail!("the C compiler said: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("there is no C compiler (cc); try: apt-get install gcc libc6-dev")
            }
            Err(error) => return Err(error).context("cannot start the C compiler"),
        }
        fs::write(folder.path().join("words"), [])?;
        let words = File::options().write(true).open(folder.path().join("words"))?;
        let preload = Self { words, folder };
        preload.set_clock(0)?;
        preload.set_space(None)?;
        Ok(preload)
    }

    /// The environment variables that load the library: names and values.
    pub fn env(&self) -> Vec<(String, String)> {
        let path = |name| self.folder.path().join(name).display().to_string();
        vec![("LD_PRELOAD".into(), path("preload.so")), ("HUBBUB_PRELOAD".into(), path("words"))]
    }

    /// Sets the wall clock this many seconds ahead of the right time; behind it if negative.
    /// Monotonic clocks are not affected.
    pub fn set_clock(&self, seconds: i64) -> Result<()> {
        Ok(self.words.write_all_at(&seconds.to_ne_bytes(), 0)?)
    }

    /// Lets the process write this many more bytes to files; then writes fail as on a full disk. `None`: no bound.
    pub fn set_space(&self, bytes: Option<u32>) -> Result<()> {
        Ok(self.words.write_all_at(&bytes.map_or(-1, i64::from).to_ne_bytes(), 8)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_stepped_and_disks_filled_and_both_put_right() -> Result<()> {
        let preload = Preload::new()?;
        let folder = TempDir::new()?;
        let shell = |script: &str| -> Result<String> {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).current_dir(folder.path()).env("LC_ALL", "C").envs(preload.env());
            Ok(String::from_utf8(shell.output()?.stdout)?.trim().to_owned())
        };
        let now = || -> Result<i64> { Ok(shell("date +%s")?.parse()?) };
        let before = now()?;
        preload.set_clock(-3600)?;
        assert!((before - 3700..before - 3500).contains(&now()?));
        preload.set_clock(3600)?;
        assert!((before + 3500..before + 3700).contains(&now()?));
        preload.set_clock(0)?;
        assert!((before..before + 100).contains(&now()?));

        let full = "cat full 2>/dev/null; echo 1234567890 | dd of=full bs=11 2>&1 | grep -c 'No space'; wc -c < full";
        preload.set_space(Some(4))?;
        assert_eq!(shell(full)?, "1\n4");
        preload.set_space(None)?;
        assert_eq!(shell(full)?, "12340\n11");
        Ok(())
    }
}
