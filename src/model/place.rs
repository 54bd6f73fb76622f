//! Where a secret stands.

use super::{Appearance, BlobPath};

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
    /// Where in the history of a repository, for what was found there.
    pub appearance: Option<Box<Appearance>>,
}

impl Place {
    /// Every string of its history that somebody chose.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.appearance.iter_mut().flat_map(|appearance| appearance.texts_mut())
    }
}

/// What a secret was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlaceKind {
    /// The content of a file.
    File,
    /// The name of a file, or the text a symbolic link points to.
    Name,
    /// The message of a commit.
    Message,
    /// The name or address of a commit's author or committer, or of a tag's tagger.
    Author,
    /// The message of a tag.
    Tag,
    /// The name of a ref, or a line of its log.
    Ref,
    /// A note on a commit.
    Note,
    /// The configuration of a repository.
    Config,
}

impl PlaceKind {
    /// All there are.
    pub const ALL: [PlaceKind; 8] = [
        PlaceKind::File,
        PlaceKind::Name,
        PlaceKind::Message,
        PlaceKind::Author,
        PlaceKind::Tag,
        PlaceKind::Ref,
        PlaceKind::Note,
        PlaceKind::Config,
    ];

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            PlaceKind::File => "file",
            PlaceKind::Name => "name",
            PlaceKind::Message => "message",
            PlaceKind::Author => "author",
            PlaceKind::Tag => "tag",
            PlaceKind::Ref => "ref",
            PlaceKind::Note => "note",
            PlaceKind::Config => "config",
        }
    }

    /// Whether lines and columns mean something to a person: a name has none.
    pub fn is_text(self) -> bool {
        !matches!(self, PlaceKind::Name | PlaceKind::Author | PlaceKind::Ref)
    }
}
