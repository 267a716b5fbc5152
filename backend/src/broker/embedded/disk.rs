//! Opening the file, and opening it again after the disk failed.
//!
//! After the first failed read or write redb refuses everything until the file is opened again, because it cannot know
//! what reached the disk. So the database is behind a lock that is held only to begin a transaction.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use redb::{
    Builder, Database, DatabaseError, Durability, ReadTransaction, ReadableDatabase, ReadableTable,
    StorageError, TableError, WriteTransaction, backends::InMemoryBackend,
};

use super::tables::{ENTRIES, FORMAT, META, ROOMS, STATE};
use crate::clock::now_ms;

/// The permissions of the file: for its owner alone.
const PRIVATE: u32 = 0o600;

/// Why a store cannot be opened. The text is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file.
    #[error("{} is in use by another node; stop it, or give this one another file", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made, read or written.
    #[error("{} cannot be opened for reading and writing: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not one of ours, or not whole.
    #[error("{} is damaged or no hubbub file ({what}); put a copy back or move it away, it was not touched", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file was written by another version of hubbub.
    #[error("{} has format {found} and this version reads format {FORMAT}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
}

type Opener = Box<dyn Fn(&mut Builder) -> Result<Database, DatabaseError> + Send + Sync>;

/// The file, open unless it failed or was closed.
pub(super) struct Disk {
    path: PathBuf,
    in_memory: bool,
    cache_bytes: usize,
    opener: Opener,
    database: RwLock<Option<Database>>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Disk {
    /// Opens the file; makes it when there is none and `create` says so. `None` for a store in memory.
    pub(super) fn open(path: Option<PathBuf>, create: bool, cache_bytes: usize) -> Result<Self, OpenError> {
        let Some(path) = path else {
            let opener: Opener = Box::new(|builder| builder.create_with_backend(InMemoryBackend::new()));
            let disk = Self::unopened("memory".into(), true, cache_bytes, opener);
            let database = disk.attempt()?;
            make_tables(&database).map_err(|error| disk.unusable(&error))?;
            return disk.with(database);
        };
        let file = path.clone();
        let disk = Self::unopened(path, false, cache_bytes, Box::new(move |builder| builder.open(&file)));
        match fs::symlink_metadata(&disk.path) {
            Ok(_) => disk.make_private(),
            Err(error) if create && error.kind() == ErrorKind::NotFound => disk.create()?,
            Err(source) => return Err(OpenError::Unwritable { path: disk.path, source }),
        }
        let database = disk.attempt()?;
        disk.with(database)
    }

    /// A store on a backend of the test's own. The file behind it is `path`.
    #[cfg(test)]
    pub(super) fn open_with(path: PathBuf, opener: Opener) -> Result<Self, OpenError> {
        let disk = Self::unopened(path, false, 1024 * 1024, opener);
        let database = disk.attempt()?;
        make_tables(&database).map_err(|error| disk.unusable(&error))?;
        disk.with(database)
    }

    fn unopened(path: PathBuf, in_memory: bool, cache_bytes: usize, opener: Opener) -> Self {
        Self { path, in_memory, cache_bytes, opener, database: RwLock::new(None) }
    }

    /// Makes a new file whole before it gets its name: a crash in between leaves no file that looks damaged,
    /// and so an empty file is always a damaged one.
    fn create(&self) -> Result<(), OpenError> {
        let unwritable = |source| OpenError::Unwritable { path: self.path.clone(), source };
        let mut name = self.path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".new-{}", std::process::id()));
        let new = self.path.with_file_name(name);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
        OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&new).map_err(unwritable)?;
        let database = Builder::new()
            .set_cache_size(1024 * 1024)
            .create(&new)
            .map_err(|error| self.explain(&redb::Error::from(error)))?;
        make_tables(&database).map_err(|error| self.unusable(&error))?;
        database.close().map_err(|error| self.explain(&redb::Error::from(error)))?;
        // A link, unlike a rename, does not replace the file that another node may have made meanwhile.
        match fs::hard_link(&new, &self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(_) => return fs::rename(&new, &self.path).map_err(unwritable),
        }
        fs::remove_file(&new).map_err(unwritable)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(unwritable)
    }

    /// The file holds the secret that identities are signed with: others must not read it. Files of older versions, and
    /// copies, can be looser.
    fn make_private(&self) {
        let path = self.path.display();
        match fs::metadata(&self.path) {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o077 != 0 => {
                let mode = found.permissions().mode() & 0o777;
                match fs::set_permissions(&self.path, Permissions::from_mode(PRIVATE)) {
                    Ok(()) => tracing::warn!(
                        "{path} could be opened by others (mode {mode:o}) and is now closed to them; if somebody may \
                         have read it, its secret is known: set another one (--secret-file)"
                    ),
                    Err(error) => tracing::warn!(
                        "{path} can be opened by others (mode {mode:o}) and cannot be closed to them: {error}"
                    ),
                }
            }
            // Opening it says what is wrong.
            Ok(_) | Err(_) => {}
        }
    }

    fn with(self, database: Database) -> Result<Self, OpenError> {
        self.check(&database)?;
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = Some(database);
        Ok(self)
    }

    fn attempt(&self) -> Result<Database, OpenError> {
        let mut builder = Builder::new();
        builder.set_cache_size(self.cache_bytes);
        // redb panics on some kinds of damage.
        match catch_unwind(AssertUnwindSafe(|| (self.opener)(&mut builder))) {
            Ok(Ok(database)) => Ok(database),
            Ok(Err(error)) => Err(self.explain(&redb::Error::from(error))),
            Err(_) => Err(self.damaged("its pages do not fit together")),
        }
    }

    fn check(&self, database: &Database) -> Result<(), OpenError> {
        let found = || -> Result<Option<u64>, redb::Error> {
            let transaction = database.begin_read()?;
            let table = match transaction.open_table(META) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            Ok(table.get("format")?.map(|format| format.value()))
        };
        match catch_unwind(AssertUnwindSafe(found)) {
            Ok(Ok(Some(FORMAT))) => Ok(()),
            Ok(Ok(Some(found))) => Err(OpenError::Format { path: self.path.clone(), found }),
            Ok(Ok(None)) => Err(self.damaged("another program's redb file")),
            Ok(Err(error)) => Err(self.unusable(&error)),
            Err(_) => Err(self.damaged("its pages do not fit together")),
        }
    }

    fn damaged(&self, what: &str) -> OpenError {
        OpenError::Damaged { path: self.path.clone(), what: what.to_owned() }
    }

    fn explain(&self, error: &redb::Error) -> OpenError {
        let path = self.path.clone();
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                OpenError::Locked { path }
            }
            redb::Error::Io(source)
                if !matches!(source.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
            {
                OpenError::Unwritable { path, source: io::Error::new(source.kind(), source.to_string()) }
            }
            other => OpenError::Damaged { path, what: other.to_string() },
        }
    }

    /// What to tell the operator when the file opened but cannot be worked with.
    pub(super) fn unusable(&self, error: &redb::Error) -> OpenError {
        self.explain(error)
    }

    /// What to tell the operator when the system gives no thread.
    pub(super) fn no_thread(&self, error: &io::Error) -> OpenError {
        let source = io::Error::new(error.kind(), format!("no thread to write it ({error})"));
        OpenError::Unwritable { path: self.path.clone(), source }
    }

    /// Closes the failed database and opens the file again.
    pub(super) fn reopen(&self) -> Result<(), OpenError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The lock on the file goes with the old one.
        drop(database.take());
        let new = self.attempt()?;
        self.check(&new)?;
        *database = Some(new);
        Ok(())
    }

    /// Gives back the space that nothing uses. Nobody may be reading or writing.
    pub(super) fn compact(&self) -> Result<(), redb::Error> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        database.as_mut().ok_or(redb::Error::DatabaseClosed)?.compact()?;
        Ok(())
    }

    /// Closes the file.
    pub(super) fn close(&self) {
        if let Some(database) = self.database.write().unwrap_or_else(PoisonError::into_inner).take()
            && let Err(error) = database.close()
        {
            tracing::error!(path = %self.path.display(), %error, "closing the store");
        }
    }

    /// Sees the last commit, whole.
    pub(super) fn begin_read(&self) -> Result<ReadTransaction, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        Ok(database.as_ref().ok_or(redb::Error::DatabaseClosed)?.begin_read()?)
    }

    /// A commit that is on the disk when it returns, and after a crash needs no walk of the file.
    pub(super) fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = database.as_ref().ok_or(redb::Error::DatabaseClosed)?.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(!self.in_memory);
        Ok(transaction)
    }

    /// Writes something small, to learn whether the disk accepts writes.
    pub(super) fn touch(&self) -> Result<(), redb::Error> {
        let transaction = self.begin_write()?;
        transaction.open_table(META)?.insert("touched", now_ms())?;
        transaction.commit()?;
        Ok(())
    }

    /// For [`Health::durability`](crate::broker::Health::durability).
    pub(super) fn durability(&self) -> String {
        if self.in_memory {
            return "in memory only".to_owned();
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!("synced to disk before the answer ({name})")
    }
}

/// Whether an error says that no space is left.
pub(super) fn is_full(error: &redb::Error) -> bool {
    matches!(error, redb::Error::Io(error)
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge))
}

/// The same of a file that could not be opened.
pub(super) fn is_full_open(error: &OpenError) -> bool {
    matches!(error, OpenError::Unwritable { source, .. }
        if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge))
}

/// Gives a new database its tables, so that reading never meets a missing one.
fn make_tables(database: &Database) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    {
        let mut meta = transaction.open_table(META)?;
        if meta.get("format")?.is_none() {
            meta.insert("format", FORMAT)?;
            meta.insert("created", now_ms())?;
        }
        transaction.open_table(ENTRIES)?;
        transaction.open_table(ROOMS)?;
        transaction.open_table(STATE)?;
    }
    transaction.commit()?;
    Ok(())
}

impl From<OpenError> for redb::Error {
    fn from(error: OpenError) -> Self {
        let kind = match &error {
            OpenError::Unwritable { source, .. } => source.kind(),
            OpenError::Locked { .. } | OpenError::Damaged { .. } | OpenError::Format { .. } => {
                ErrorKind::Other
            }
        };
        StorageError::Io(io::Error::new(kind, error.to_string())).into()
    }
}
