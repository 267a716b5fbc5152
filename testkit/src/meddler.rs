//! Steps the wall clock of one process and fills its disk, while it runs and without rights over the machine.

use std::{env, fs, fs::File, io::ErrorKind, os::unix::fs::FileExt, process::Command};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

const SOURCE: &str = include_str!("meddler/meddler.c");

/// Meddles with every process that was started with its environment, those that are started again included.
/// The process must be linked dynamically.
#[derive(Debug)]
pub struct Meddler {
    words: File,
    folder: TempDir,
}

impl Meddler {
    /// Compiles what has to be loaded into the process. The clock is right and the disk has space.
    ///
    /// # Errors
    ///
    /// Without Linux or a C compiler.
    pub fn new() -> Result<Self> {
        ensure!(cfg!(target_os = "linux"), "clocks can be stepped and disks filled on Linux only");
        let folder = TempDir::with_prefix("meddler-")?;
        let source = folder.path().join("meddler.c");
        fs::write(&source, SOURCE)?;
        let mut compile = Command::new(env::var_os("CC").unwrap_or("cc".into()));
        compile.args(["-O1", "-shared", "-fPIC", "-o"]).arg(folder.path().join("meddler.so")).arg(&source);
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
        let meddler = Self { words, folder };
        meddler.set_clock(0)?;
        meddler.set_space(None)?;
        Ok(meddler)
    }

    /// What a process has to be started with: names and values.
    pub fn env(&self) -> Vec<(String, String)> {
        let path = |name| self.folder.path().join(name).display().to_string();
        vec![("LD_PRELOAD".into(), path("meddler.so")), ("HUBBUB_MEDDLER".into(), path("words"))]
    }

    /// From now on the wall clock is so many seconds ahead of the right time; behind it if negative.
    /// Monotonic clocks go on as they were.
    pub fn set_clock(&self, seconds: i64) -> Result<()> {
        Ok(self.words.write_all_at(&seconds.to_ne_bytes(), 0)?)
    }

    /// So many bytes can still be written to files, then none: the error is that of a full disk. `None`: no such bound.
    pub fn set_space(&self, bytes: Option<u32>) -> Result<()> {
        Ok(self.words.write_all_at(&bytes.map_or(-1, i64::from).to_ne_bytes(), 8)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_stepped_and_disks_filled_and_both_put_right() -> Result<()> {
        let meddler = Meddler::new()?;
        let folder = TempDir::new()?;
        let shell = |script: &str| -> Result<String> {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).current_dir(folder.path()).env("LC_ALL", "C").envs(meddler.env());
            Ok(String::from_utf8(shell.output()?.stdout)?.trim().to_owned())
        };
        let now = || -> Result<i64> { Ok(shell("date +%s")?.parse()?) };
        let before = now()?;
        meddler.set_clock(-3600)?;
        assert!((before - 3700..before - 3500).contains(&now()?));
        meddler.set_clock(3600)?;
        assert!((before + 3500..before + 3700).contains(&now()?));
        meddler.set_clock(0)?;
        assert!((before..before + 100).contains(&now()?));

        let full = "cat full 2>/dev/null; echo 1234567890 | dd of=full bs=11 2>&1 | grep -c 'No space'; wc -c < full";
        meddler.set_space(Some(4))?;
        assert_eq!(shell(full)?, "1\n4");
        meddler.set_space(None)?;
        assert_eq!(shell(full)?, "12340\n11");
        Ok(())
    }
}
