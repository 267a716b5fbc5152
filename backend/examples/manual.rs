//! Writes the man page and the shell completions of `hubbub` into a folder; `cargo xtask dist` runs it.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use backend::config::Cli;
use clap::CommandFactory as _;
use clap_complete::Shell;

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("usage: manual FOLDER")?);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut command = Cli::command();
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        clap_complete::generate_to(shell, &mut command, "hubbub", &folder)?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    fs::write(folder.join("hubbub.1"), page)?;
    Ok(())
}
