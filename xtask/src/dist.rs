//! One file to ship: an archive with the binary and what an operator wants beside it.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::build;
use crate::workspace::{Workspace, output, run, step};

/// What goes along from the repository: where it stands, and where it stands in the archive.
const EXTRAS: [(&str, &str); 7] = [
    ("LICENSE", "LICENSE"),
    ("README.md", "README.md"),
    ("docs/deploy.md", "deploy.md"),
    ("packaging/hubbub.service", "hubbub.service"),
    ("packaging/hubbub.env", "hubbub.env"),
    ("packaging/nginx.conf", "nginx.conf"),
    ("packaging/Caddyfile", "Caddyfile"),
];

/// What is generated from the command line's definition.
const MANUAL: [(&str, &str); 4] = [
    ("hubbub.1", "man/hubbub.1"),
    ("hubbub.bash", "completions/hubbub.bash"),
    ("hubbub.fish", "completions/hubbub.fish"),
    ("_hubbub", "completions/_hubbub"),
];

/// Writes `dist/hubbub-VERSION-TARGET.tar.gz` and its checksum.
pub(crate) fn dist(workspace: &Workspace) -> Result<()> {
    let binary = build::build(workspace)?;
    let manual = workspace.target.join("manual");
    step("Writing the man page and the completions", || {
        let mut example =
            workspace.cargo(["run", "--quiet", "--package", "backend", "--example", "manual", "--"]);
        run(example.arg(&manual))
    })?;
    let target = output(Command::new("rustc").arg("-vV").current_dir(&workspace.root))?;
    let target =
        target.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let name = format!("hubbub-{}-{target}", workspace.version);
    let folder = workspace.root.join("dist");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let archive = folder.join(format!("{name}.tar.gz"));
    step("Packing", || {
        let mut tar = Tar::create(&archive, name.clone())?;
        tar.add(&binary, "hubbub", 0o755)?;
        for (from, to) in EXTRAS {
            tar.add(&workspace.root.join(from), to, 0o644)?;
        }
        for (from, to) in MANUAL {
            tar.add(&manual.join(from), to, 0o644)?;
        }
        tar.finish()
    })?;
    let bytes = fs::read(&archive)?;
    let sum: Vec<String> = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(folder.join(format!("{name}.tar.gz.sha256")), format!("{}  {name}.tar.gz\n", sum.concat()))?;
    println!("{} ({} bytes, binary {} bytes)", archive.display(), bytes.len(), fs::metadata(&binary)?.len());
    Ok(())
}

/// An archive whose bytes depend on the contents alone: no owner, no time.
struct Tar {
    tar: tar::Builder<GzEncoder<BufWriter<File>>>,
    top: String,
}

impl Tar {
    fn create(path: &Path, top: String) -> Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self { tar: tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::best())), top })
    }

    fn add(&mut self, from: &Path, to: &str, mode: u32) -> Result<()> {
        let content = fs::read(from).with_context(|| from.display().to_string())?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len().try_into()?);
        header.set_mode(mode);
        header.set_mtime(0);
        self.tar.append_data(&mut header, format!("{}/{to}", self.top), content.as_slice())?;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        self.tar.into_inner()?.finish()?.flush().context("cannot write the archive")
    }
}

#[cfg(test)]
mod tests {
    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn archives_are_the_same_for_the_same_contents() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "content").unwrap();
        let pack = |name: &str| {
            let path = folder.path().join(name);
            let mut tar = Tar::create(&path, "top".into()).unwrap();
            tar.add(&file, "bin/file", 0o755).unwrap();
            tar.finish().unwrap();
            fs::read(path).unwrap()
        };
        let (one, two) = (pack("one"), pack("two"));
        assert_eq!(one, two);
        let mut read = tar::Archive::new(GzDecoder::new(one.as_slice()));
        let entry = read.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("top/bin/file"));
        assert_eq!(entry.header().mode().unwrap(), 0o755);
    }
}
