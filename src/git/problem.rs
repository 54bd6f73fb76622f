//! What of a repository cannot be read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use gix_hash::ObjectId;

/// Something of a repository that could not be read: what it is, what is wrong, and what to do about it.
/// It never quotes content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub trouble: Trouble,
    /// The same for people, with what to do where something can be done.
    pub detail: String,
}

/// What of a repository a problem is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file or folder, as a path that can be opened.
    File(PathBuf),
    /// A ref.
    Ref(Vec<u8>),
    /// An object.
    Object(ObjectId),
    /// Something in a pack whose id is not known: the pack, and the offset where it begins, in bytes.
    Entry(PathBuf, u64),
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// It could not be opened or read.
    Unreadable,
    /// It is not what its format demands.
    Corrupt,
    /// It is named and not there.
    Missing,
    /// It is larger than what is read.
    TooLarge,
    /// It is of a kind that is not known here.
    Unsupported,
}

impl Problem {
    pub(super) fn file(path: &Path, trouble: Trouble, detail: impl Into<String>) -> Problem {
        Problem { place: Place::File(path.to_owned()), trouble, detail: detail.into() }
    }

    /// What a file that could not be read said.
    pub(super) fn io(path: &Path, error: &io::Error) -> Problem {
        let trouble = match error.kind() {
            io::ErrorKind::NotFound => Trouble::Missing,
            io::ErrorKind::FileTooLarge => Trouble::TooLarge,
            io::ErrorKind::InvalidData => Trouble::Corrupt,
            _ => Trouble::Unreadable,
        };
        Problem::file(path, trouble, error.to_string())
    }

    pub(super) fn object(id: ObjectId, trouble: Trouble, detail: impl Into<String>) -> Problem {
        Problem { place: Place::Object(id), trouble, detail: detail.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.detail)
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => path.display().fmt(f),
            Place::Ref(name) => write!(f, "ref {}", String::from_utf8_lossy(name)),
            Place::Object(id) => write!(f, "object {id}"),
            Place::Entry(pack, offset) => write!(f, "{} at {offset}", pack.display()),
        }
    }
}
