//! Sources hand over every blob once; what they cannot read becomes a gap, never nothing.

mod blobs;
mod cache;
mod git;
mod history;
mod holes;
mod ignores;
mod lfs;
mod memo;
mod range;
mod recalled;
mod revision;
mod staged;
mod stdin;
mod submodules;
mod tree;

pub use cache::Cache;
pub use history::{History, Located, Look, Looked, Special, Suspect, Told};
pub use range::{Part, Start};
pub use recalled::{Recall, Recalled};
pub use revision::Revision;
pub use stdin::Stdin;
pub use submodules::Submodules;
pub use tree::{Tree, TreeOptions, folder_as_shown};

pub use crate::containers::Content;
use crate::model::{Appearance, BlobPath, Gap, PlaceKind};

use serde::{Deserialize, Serialize};

/// Where blobs come from.
pub trait Source {
    /// Calls `each` for all there is, from several threads at once and in no particular order.
    ///
    /// # Errors
    /// Only when nothing can be visited at all (a root that does not exist); whatever fails later is a gap.
    fn visit(&self, each: &(dyn Fn(Visit<'_>) + Sync)) -> Result<(), SourceError>;

    /// Whether it can be visited again.
    fn is_lasting(&self) -> bool {
        true
    }
}

/// One thing met on the way.
pub enum Visit<'a> {
    /// Something to scan.
    Blob(Blob<'a>),
    /// Something in scope that cannot be scanned.
    Gap(Gap),
    /// Something passed over on purpose.
    Passed(Passed),
    /// Blobs that were looked at for signs only, in this run or an earlier one: how many, and their bytes. One
    /// that has some comes again.
    Past(u64, u64),
    /// What blobs are that were handed over to be looked at more closely.
    Nature(Nature),
    /// A remark for the person who runs it; no part of the report.
    Remark(String),
}

/// What blobs turn out to be when they are looked at: how many of them are what [`crate::model::Tally`] says under the same
/// name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is told at `Tally`")]
pub struct Nature {
    pub binary: u64,
    pub packed: u64,
    pub containers: u64,
    pub members: u64,
    pub unpacked_bytes: u64,
}

impl std::ops::AddAssign for Nature {
    fn add_assign(&mut self, other: Nature) {
        self.binary += other.binary;
        self.packed += other.packed;
        self.containers += other.containers;
        self.members += other.members;
        self.unpacked_bytes += other.unpacked_bytes;
    }
}

/// Bytes exactly as stored, and where they are from.
pub struct Blob<'a> {
    /// Where a person finds it again.
    pub path: &'a BlobPath,
    /// What of the file the bytes are.
    pub kind: PlaceKind,
    /// Where in the history of a repository it stands, for what comes from there.
    pub appearance: Option<&'a Appearance>,
    /// The bytes.
    pub content: Content<'a>,
}

/// What is passed over on purpose: counted, never a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// Hidden by `.gitignore`; an ignored folder counts as one.
    Ignored,
    /// Left out by `--exclude`.
    Excluded,
    /// A FIFO, device or socket.
    Special,
    /// A symbolic link: its target text was handed over as a blob, it was not followed.
    Symlink,
}

/// Why a source could not start: what failed, on what, and what to do.
#[derive(Debug)]
pub struct SourceError(pub String);

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SourceError {}
