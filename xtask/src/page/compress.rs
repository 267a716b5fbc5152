//! Brotli and gzip beside each file that gets smaller by it, at the highest level: done once, sent often.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode;
use flate2::Compression;
use flate2::write::GzEncoder;

/// What a visitor downloads.
#[derive(Debug, Default)]
pub(super) struct Sizes(Vec<(String, usize, usize)>);

impl Sizes {
    /// The bytes that a first visit sends: the page, its style, its program and what starts it.
    pub(super) fn first_visit(&self) -> usize {
        let needed = |name: &str| {
            let kind = Path::new(name).extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            matches!(kind, "html" | "css" | "js" | "wasm")
        };
        self.0.iter().filter(|(name, ..)| needed(name)).map(|(_, _, wire)| wire).sum()
    }
}

/// Compresses what is worth it in a folder and below.
pub(super) fn folder(folder: &Path) -> Result<Sizes> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let done: Vec<Result<(usize, usize)>> = thread::scope(|scope| {
        let threads: Vec<_> = files.iter().map(|file| scope.spawn(|| compress(file))).collect();
        threads.into_iter().map(|thread| thread.join().expect("compressing does not panic")).collect()
    });
    let mut sizes = Sizes::default();
    for (file, size) in files.iter().zip(done) {
        let (plain, wire) = size.with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        sizes.0.push((name, plain, wire));
    }
    Ok(sizes)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if path.is_dir() {
            collect(&path, files)?;
        } else if matches!(kind, "html" | "css" | "js" | "json" | "webmanifest" | "svg" | "wasm" | "txt") {
            files.push(path);
        }
    }
    Ok(())
}

/// Returns the size as it is and as brotli sends it.
fn compress(file: &Path) -> Result<(usize, usize)> {
    let plain = fs::read(file)?;
    let mode = match file.extension().and_then(|kind| kind.to_str()) {
        Some("wasm") => BrotliEncoderMode::BROTLI_MODE_GENERIC,
        _ => BrotliEncoderMode::BROTLI_MODE_TEXT,
    };
    let params =
        BrotliEncoderParams { quality: 11, lgwin: 22, mode, size_hint: plain.len(), ..Default::default() };
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut plain.as_slice(), &mut brotli, &params)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&plain)?;
    let gzip = gzip.finish()?;
    for (ending, small) in [("br", &brotli), ("gz", &gzip)] {
        if small.len() < plain.len() {
            let mut name = file.as_os_str().to_owned();
            name.push(".");
            name.push(ending);
            fs::write(name, small)?;
        }
    }
    Ok((plain.len(), brotli.len().min(plain.len())))
}

impl Display for Sizes {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (name, plain, wire) in &self.0 {
            writeln!(out, "    {name:44} {plain:>9} {wire:>9}")?;
        }
        let (plain, wire) = self.0.iter().fold((0, 0), |sum, file| (sum.0 + file.1, sum.1 + file.2));
        writeln!(out, "    {:44} {plain:>9} {wire:>9}", "bytes, as they are and with brotli")
    }
}
