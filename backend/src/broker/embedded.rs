//! The broker inside one process, kept on disk.
