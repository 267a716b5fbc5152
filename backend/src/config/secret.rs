//! Texts that are never printed, and the files that they may stand in.

use std::{
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Most bytes that a file with a secret may have.
const LONGEST: u64 = 64 * 1024;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret cannot be used. The text never holds the secret itself.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read {} ({flag}): {source}", path.display())]
    File {
        /// The setting.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is too short to sign with.
    #[error("the secret ({0}) must have at least 32 characters")]
    Short(&'static str),
}

/// Takes every text: the parser of the command line repeats each value that it refuses. Whoever uses the secret checks it.
impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Secret {
    /// Reads a secret from the first line of a file.
    pub(super) fn read(path: &Path, flag: &'static str) -> Result<Self, SecretError> {
        let unreadable = |source| SecretError::File { flag, path: path.to_owned(), source };
        if fs::metadata(path).map_err(unreadable)?.len() > LONGEST {
            return Err(unreadable(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is too large for a secret",
            )));
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Ok(Self(text.lines().next().unwrap_or_default().trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_the_secret_in_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, secret) in [("abc", "abc"), ("abc\n", "abc"), (" abc\r\nmore\n", "abc"), ("", "")] {
            fs::write(&path, content).unwrap();
            assert_eq!(Secret::read(&path, "--flag").unwrap(), Secret(secret.to_owned()), "{content:?}");
        }
        let missing = Secret::read(&folder.path().join("missing"), "--flag").unwrap_err().to_string();
        assert!(missing.contains("missing (--flag)"), "{missing}");
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(Secret::read(&path, "--flag").is_err());
    }
}
