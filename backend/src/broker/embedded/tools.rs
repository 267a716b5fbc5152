//! Work on a file that no node has open.

use std::{fs, path::Path};

use super::disk::{Disk, OpenError};

/// How far [`compact`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compacting {
    /// The file is open and has this many bytes. What follows takes about as long as copying it.
    Started {
        /// Bytes of the file.
        before: u64,
    },
    /// It is done.
    Done {
        /// Bytes of the file before.
        before: u64,
        /// Bytes of the file now.
        after: u64,
    },
}

/// Makes the file as small as what it holds: by itself it only grows. Blocks.
pub fn compact(path: &Path, mut progress: impl FnMut(Compacting)) -> Result<(), OpenError> {
    let disk = Disk::open(Some(path.to_owned()), false, 64 * 1024 * 1024)?;
    let size = || {
        let size = fs::metadata(path).map(|file| file.len());
        size.map_err(|source| OpenError::Unwritable { path: path.to_owned(), source })
    };
    let before = size()?;
    progress(Compacting::Started { before });
    disk.compact().map_err(|error| disk.unusable(&error))?;
    disk.close();
    progress(Compacting::Done { before, after: size()? });
    Ok(())
}
