//! What was in scope and could not be scanned.

use super::BlobPath;

/// Something that was in scope and was not scanned, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Where.
    pub path: BlobPath,
    /// Why.
    pub reason: GapReason,
    /// What the system or a decoder said, for people.
    pub detail: String,
}

/// Why something was not scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GapReason {
    /// The file or folder could not be opened or read.
    Unreadable,
    /// It was there when listed and gone when opened.
    Vanished,
    /// It became shorter while it was read.
    Changed,
    /// It holds more candidates than are kept.
    TooManyFindings,
    /// The repository's index could not be read, so ignored files could not be told from tracked ones.
    BrokenIndex,
    /// It is named and not there: cut off from a shallow clone, or promised to a partial one.
    Missing,
    /// It is not what its format demands.
    Corrupt,
    /// It is larger than what is read.
    TooLarge,
    /// It is of a form that is not known here.
    Unsupported,
    /// It is encrypted.
    Encrypted,
    /// It lies in more containers than are opened.
    TooDeep,
    /// It holds more members than are read.
    TooManyMembers,
    /// It becomes many times as large when it is unpacked.
    Ratio,
    /// It has a name that leads out of its archive. What it holds is scanned.
    UnsafeName,
    /// It holds more in encoded form than is decoded.
    DecodeLimit,
}

impl GapReason {
    /// All there are.
    pub const ALL: [GapReason; 15] = [
        GapReason::Unreadable,
        GapReason::Vanished,
        GapReason::Changed,
        GapReason::TooManyFindings,
        GapReason::BrokenIndex,
        GapReason::Missing,
        GapReason::Corrupt,
        GapReason::TooLarge,
        GapReason::Unsupported,
        GapReason::Encrypted,
        GapReason::TooDeep,
        GapReason::TooManyMembers,
        GapReason::Ratio,
        GapReason::UnsafeName,
        GapReason::DecodeLimit,
    ];

    /// The word used in reports and in `.stanchignore`.
    pub fn as_str(self) -> &'static str {
        match self {
            GapReason::Unreadable => "unreadable",
            GapReason::Vanished => "vanished",
            GapReason::Changed => "changed",
            GapReason::TooManyFindings => "too-many-findings",
            GapReason::BrokenIndex => "broken-index",
            GapReason::Missing => "missing",
            GapReason::Corrupt => "corrupt",
            GapReason::TooLarge => "too-large",
            GapReason::Unsupported => "unsupported",
            GapReason::Encrypted => "encrypted",
            GapReason::TooDeep => "too-deep",
            GapReason::TooManyMembers => "too-many-members",
            GapReason::Ratio => "ratio",
            GapReason::UnsafeName => "unsafe-name",
            GapReason::DecodeLimit => "decode-limit",
        }
    }

    /// What happened, in a few words after the name of the thing.
    pub fn meaning(self) -> &'static str {
        match self {
            GapReason::Unreadable => "could not be opened or read",
            GapReason::Vanished => "was gone before it was opened",
            GapReason::Changed => "became shorter while it was read",
            GapReason::TooManyFindings => "holds more candidates than are kept",
            GapReason::BrokenIndex => "has an index that cannot be read",
            GapReason::Missing => "is named and not there",
            GapReason::Corrupt => "is damaged",
            GapReason::TooLarge => "is larger than what is read",
            GapReason::Unsupported => "has a form that is not known",
            GapReason::Encrypted => "is encrypted",
            GapReason::TooDeep => "lies in more containers than are opened",
            GapReason::TooManyMembers => "holds more members than are read",
            GapReason::Ratio => "becomes many times as large when it is unpacked",
            GapReason::UnsafeName => "has a name that leads out of its archive",
            GapReason::DecodeLimit => "holds more in encoded form than is decoded",
        }
    }
}
