//! Puts the built page into the binary: a table of its files, with what the server needs to know of each.
//!
//! `cargo xtask build` lays the page down in `frontend/dist`; a file `.page` there says that it is complete and names
//! its inline scripts. Without it the table is empty, the server still builds, and says so to whoever opens it.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../frontend/dist");
    // A folder: looked through to the last file, so a page that appears later is noticed.
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mark = fs::read_to_string(dist.join(".page")).unwrap_or_default();
    let mut files = Vec::new();
    if mark.is_empty() {
        if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
            println!("cargo::warning=there is no page in this binary; `cargo xtask build` makes one with it");
        }
    } else {
        collect(&dist.canonicalize()?, "", &mut files)?;
        files.sort();
    }
    let mut table = String::from("pub(super) static FILES: &[File] = &[\n");
    for (name, file) in &files {
        entry(&mut table, name, file)?;
    }
    table.push_str("];\npub(super) static SCRIPTS: &[&str] = &[");
    for script in mark.lines().filter_map(|line| line.strip_prefix("script ")) {
        write!(table, "{script:?}, ").expect("writing to a string");
    }
    table.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("page.rs"), table)
}

/// All files but hidden ones and the compressed copies, with their names in the page.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let copy = Path::new(name).extension().is_some_and(|ending| ending == "br" || ending == "gz");
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
        } else if !name.starts_with('.') && !copy {
            files.push((format!("{prefix}{name}"), path));
        }
    }
    Ok(())
}

fn entry(table: &mut String, name: &str, file: &Path) -> io::Result<()> {
    let mut hash = DefaultHasher::new();
    hash.write(&fs::read(file)?);
    let file = file.display().to_string();
    let copy = |ending: &str| {
        let path = format!("{file}.{ending}");
        if Path::new(&path).is_file() { format!("Some(include_bytes!({path:?}))") } else { "None".into() }
    };
    writeln!(
        table,
        "File {{ path: {name:?}, kind: {:?}, hashed: {}, tag: \"{:016x}\", identity: include_bytes!({file:?}), \
         brotli: {}, gzip: {} }},",
        kind(name),
        is_hashed(name),
        hash.finish(),
        copy("br"),
        copy("gz"),
    )
    .expect("writing to a string");
    Ok(())
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether the name changes with the content, as in `base-7a57337f02525769.css` and `page-a809a628c37e7287_bg.wasm`.
/// trunk writes the hash without leading zeros, so its length varies a little.
fn is_hashed(name: &str) -> bool {
    let Some((_, end)) = name.rsplit_once('-') else { return false };
    let hash = end.split(['.', '_']).next().unwrap_or_default();
    hash.len() >= 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}
