//! What of a history could not be followed.

use std::fmt;

use gix_hash::ObjectId;

/// Something that was not followed, so that places, commits or refs may be missing from the answers. It
/// quotes no content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A commit that cannot be read: it is treated as if it were not there.
    MalformedCommit(ObjectId),
    /// A tag that cannot be read: it is treated as if it were not there.
    MalformedTag(ObjectId),
    /// A commit that is its own ancestor, which only a lie about an id makes possible: the parents that come
    /// after it are treated as if they were not there.
    CircularCommit(ObjectId),
    /// Entries of this tree from some byte on cannot be read.
    MalformedTree(ObjectId),
    /// A tree that leads to itself, which only a lie about an id makes possible: there it is treated as if it
    /// were empty.
    CircularTree(ObjectId),
    /// A tree that is not of the repository's kind, or one too many: it is treated as if it were not there.
    UnusableTree(ObjectId),
    /// An entry of this tree has a name that is longer than a path may be.
    LongName(ObjectId),
    /// Trees that are named and did not come: how many, and the one that is first by its id.
    MissingTrees(u64, ObjectId),
    /// Commits whose tree did not come: how many, and the one that is first by its id.
    MissingRoots(u64, ObjectId),
    /// Folders with wanted blobs whose path is longer than a path may be: how many at least.
    LongPaths(u64),
    /// Paths to wanted blobs that are not listed because there are too many of one blob: how many at least,
    /// and of how many blobs.
    ManyPaths(u64, u32),
    /// Commits that were not looked at because the ones before had too many events.
    ManyEvents(u64),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::MalformedCommit(id) => write!(f, "commit {id} cannot be read; `git fsck` tells more"),
            Problem::MalformedTag(id) => write!(f, "tag {id} cannot be read; `git fsck` tells more"),
            Problem::CircularCommit(id) => {
                write!(f, "commit {id} is its own ancestor; `git fsck` tells more")
            }
            Problem::MalformedTree(id) => {
                write!(f, "tree {id} can be read only in part; `git fsck` tells more")
            }
            Problem::CircularTree(id) => write!(f, "tree {id} leads to itself; `git fsck` tells more"),
            Problem::UnusableTree(id) => write!(f, "tree {id} is one too many, or of another hash"),
            Problem::LongName(id) => write!(f, "tree {id} has a name that is too long for a path"),
            Problem::MissingTrees(count, id) => {
                write!(f, "{count} trees are missing, such as {id}; `git fetch --refetch` may bring them")
            }
            Problem::MissingRoots(count, id) => write!(
                f,
                "{count} commits miss their tree, such as {id}; `git fetch --refetch` may bring them"
            ),
            Problem::LongPaths(count) => write!(f, "{count} folders or more lie deeper than a path may"),
            Problem::ManyPaths(count, blobs) => {
                write!(f, "{count} more paths to {blobs} blobs are not listed")
            }
            Problem::ManyEvents(count) => {
                write!(f, "{count} commits were not looked at: more happens in this history than is followed")
            }
        }
    }
}

impl std::error::Error for Problem {}
