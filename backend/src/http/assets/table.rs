//! The files of the page, as the build script found them.

/// One file, with its compressed copies where those are smaller.
#[derive(Debug)]
pub(super) struct File {
    /// Its name below `/`.
    pub(super) path: &'static str,
    /// Its media type.
    pub(super) kind: &'static str,
    /// Its name changes with its content.
    pub(super) hashed: bool,
    /// Changes with its content.
    pub(super) tag: &'static str,
    pub(super) identity: &'static [u8],
    pub(super) brotli: Option<&'static [u8]>,
    pub(super) gzip: Option<&'static [u8]>,
}

// Two tables: `FILES`, sorted by path, empty when no page was built; `SCRIPTS`, the hashes of the inline scripts.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The file of that exact name.
pub(super) fn find(files: &'static [File], path: &str) -> Option<&'static File> {
    files.binary_search_by(|file| file.path.cmp(path)).ok().map(|index| &files[index])
}
