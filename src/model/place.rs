//! Where a secret stands.

use super::BlobPath;

/// Where a secret stands: the range of the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which file.
    pub path: BlobPath,
    /// First byte in the file as stored, from 0.
    pub start: u64,
    /// Byte after the last, as stored.
    pub end: u64,
    /// What of the file.
    pub kind: PlaceKind,
    /// Line of the first character, from 1.
    pub line: u64,
    /// Column of the first character, from 1, in Unicode code points.
    pub column: u64,
    /// Line of the character after the last.
    pub end_line: u64,
    /// Column of the character after the last, in Unicode code points.
    pub end_column: u64,
}

/// What a secret was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlaceKind {
    /// The content of a file.
    File,
    /// The name of a file, or the text a symbolic link points to.
    Name,
}

impl PlaceKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            PlaceKind::File => "file",
            PlaceKind::Name => "name",
        }
    }
}
