//! Sources hand over every blob once; what they cannot read becomes a gap, never nothing.

mod blobs;
mod cache;
mod git;
mod history;
mod holes;
mod ignores;
mod lfs;
mod memo;
mod packed;
mod range;
mod recalled;
mod revision;
mod staged;
mod stdin;
mod submodules;
mod tree;

pub use cache::Cache;
pub use history::{History, Located, Look, Looked, Special, Suspect, Told};
pub use packed::is_packed;
pub use range::{Part, Start};
pub use recalled::{Recall, Recalled};
pub use revision::Revision;
pub use stdin::Stdin;
pub use submodules::Submodules;
pub use tree::{Tree, TreeOptions, folder_as_shown};

use std::io::Read;

use crate::model::{Appearance, BlobPath, Gap, PlaceKind};

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
    /// Blobs that were handed over to be looked at more closely: how many of them are binary, and how many packed.
    Nature(u64, u64),
    /// A remark for the person who runs it; no part of the report.
    Remark(String),
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

/// The bytes of a blob.
pub enum Content<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// Too many to hold at once.
    Stream(&'a mut dyn Read),
}

impl Content<'_> {
    /// The same for a shorter time.
    pub fn reborrow(&mut self) -> Content<'_> {
        match self {
            Content::Whole(bytes) => Content::Whole(bytes),
            Content::Stream(reader) => Content::Stream(*reader),
        }
    }
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
