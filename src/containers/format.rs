//! Which container a file is: by its first bytes, never by its name.

use super::{ar, class, cpio, har, mail, notebook, pdf, program, rpm, sevenz, sqlite, tar};

/// A format that is opened, or known and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 1952.
    Gzip,
    /// Of bzip2(1).
    Bzip2,
    /// The .xz file format 1.2.
    Xz,
    /// RFC 8878.
    Zstd,
    /// PKWARE APPNOTE: also jar, apk, docx, xlsx, pptx, odt, nupkg, whl, vsix, epub.
    Zip,
    /// ustar, pax, GNU and what was before them.
    Tar,
    /// Of 7-Zip.
    SevenZ,
    /// Of deb packages and static libraries.
    Ar,
    /// Of RPM packages.
    Rpm,
    /// In RPM packages and initial ramdisks.
    Cpio,
    /// A database of SQLite.
    Sqlite,
    /// A class of Java (The Java Virtual Machine Specification, 4).
    Class,
    /// A program of .NET (ECMA-335, II.24 and II.25).
    Program,
    /// A PDF file (ISO 32000-1).
    Pdf,
    /// A message with parts (RFC 5322, RFC 2045).
    Mail,
    /// A Jupyter notebook.
    Notebook,
    /// An HTTP archive, version 1.2.
    Har,
    /// Known by its first bytes; there is no reader for it.
    Unread(Unread),
}

/// How a container is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// By its members.
    Members,
    /// As it is stored, and by the text in it, which tells more of what was found.
    TextOfBinary,
    /// As it is stored, which a person can read, and by what is encoded in it.
    TextOfText,
}

/// A format without a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Of RAR.
    Rar,
    /// The frame format of LZ4.
    Lz4,
    /// Of compress(1).
    Compress,
}

/// How many bytes of a file are looked at, at least where it has as many.
pub(super) const HEAD: usize = 4096;

/// Where the signature of an empty zip's end record, without a comment, begins: so far from the end of the file.
const ZIP_END: usize = 22;

impl Format {
    /// The container that begins with `head`, if it is one.
    pub fn of(head: &[u8]) -> Option<Format> {
        // Most files are text, or begin like no container at all.
        match head.first()? {
            0x1f if is_gzip(head) => Some(Format::Gzip),
            0x1f if is_compress(head) => Some(Format::Unread(Unread::Compress)),
            b'B' if is_bzip2(head) => Some(Format::Bzip2),
            0xfd if head.starts_with(b"\xfd7zXZ\0") => Some(Format::Xz),
            0x28 if head.starts_with(b"\x28\xb5\x2f\xfd") => Some(Format::Zstd),
            // A frame that is skipped (RFC 8878, 3.1.2), as tools put before others.
            0x50..=0x5f if is_skippable(head) => Some(Format::Zstd),
            b'P' if is_zip(head) => Some(Format::Zip),
            b'7' if head.starts_with(sevenz::MAGIC) => Some(Format::SevenZ),
            b'!' if head.starts_with(ar::MAGIC) => Some(Format::Ar),
            0xed if head.starts_with(rpm::MAGIC) => Some(Format::Rpm),
            b'0' if cpio::MAGICS.iter().any(|magic| head.starts_with(magic)) => Some(Format::Cpio),
            b'S' if head.starts_with(sqlite::MAGIC) => Some(Format::Sqlite),
            0xca if class::is_class(head) => Some(Format::Class),
            b'M' if program::is_of_dotnet(head) => Some(Format::Program),
            b'%' if head.starts_with(pdf::MAGIC) => Some(Format::Pdf),
            b'{' if notebook::is_notebook(head) => Some(Format::Notebook),
            b'{' if har::is_har(head) => Some(Format::Har),
            b'A'..=b'Z' | b'a'..=b'z' if mail::is_mail(head) => Some(Format::Mail),
            b'R' if head.starts_with(b"Rar!\x1a\x07") => Some(Format::Unread(Unread::Rar)),
            0x04 if head.starts_with(b"\x04\x22\x4d\x18") => Some(Format::Unread(Unread::Lz4)),
            _ if tar::is_header(head) => Some(Format::Tar),
            _ => None,
        }
    }

    /// The same for a file that is at hand as a whole: a zip may follow a program that unpacks it.
    pub fn of_whole(bytes: &[u8]) -> Option<Format> {
        Format::of(bytes).or_else(|| {
            let end = bytes.len().checked_sub(ZIP_END)?;
            bytes[end..].starts_with(b"PK\x05\x06").then_some(Format::Zip)
        })
    }

    /// Whether what it holds does not stand in its bytes.
    pub fn is_packed(self) -> bool {
        match self {
            Format::Tar | Format::Ar | Format::Cpio => false,
            Format::Pdf => true,
            _ => self.reading() == Reading::Members,
        }
    }

    /// How it is read.
    pub fn reading(self) -> Reading {
        match self {
            Format::Sqlite | Format::Class | Format::Program | Format::Pdf => Reading::TextOfBinary,
            Format::Mail | Format::Notebook | Format::Har => Reading::TextOfText,
            _ => Reading::Members,
        }
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Gzip => "gzip",
            Format::Bzip2 => "bzip2",
            Format::Xz => "xz",
            Format::Zstd => "Zstandard",
            Format::Zip => "ZIP",
            Format::Tar => "tar",
            Format::SevenZ => "7z",
            Format::Ar => "ar",
            Format::Rpm => "RPM",
            Format::Cpio => "cpio",
            Format::Sqlite => "SQLite",
            Format::Class => "Java class",
            Format::Program => ".NET",
            Format::Pdf => "PDF",
            Format::Mail => "mail",
            Format::Notebook => "notebook",
            Format::Har => "HAR",
            Format::Unread(Unread::Rar) => "RAR",
            Format::Unread(Unread::Lz4) => "LZ4",
            Format::Unread(Unread::Compress) => "compress",
        }
    }
}

/// Method 8 is the only one, and bits 5 to 7 of the flags are zero (RFC 1952, 2.3.1).
fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08") && head.get(3).is_some_and(|flags| flags & 0xe0 == 0)
}

/// A block, or the end of a file without one, follows the size of blocks.
fn is_bzip2(head: &[u8]) -> bool {
    let begins = |mark: &[u8]| head.get(4..).is_some_and(|rest| rest.starts_with(mark));
    head.starts_with(b"BZh")
        && matches!(head.get(3), Some(b'1'..=b'9'))
        && (begins(b"1AY&SY") || begins(b"\x17rE8P\x90"))
}

fn is_skippable(head: &[u8]) -> bool {
    let after = |at: usize| head.get(at..).is_some_and(|rest| rest.starts_with(b"\x28\xb5\x2f\xfd"));
    let size = head.get(4..8).and_then(|size| size.try_into().ok()).map_or(u32::MAX, u32::from_le_bytes);
    head.get(1..4) == Some(b"\x2a\x4d\x18") && after((size as usize).saturating_add(8))
}

/// A member, the end of an archive without any, or the mark of one that was split.
fn is_zip(head: &[u8]) -> bool {
    [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08PK\x03\x04"].iter().any(|mark| head.starts_with(mark))
}

/// Codes have 9 to 16 bits, two bits of the third byte are never set.
fn is_compress(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x9d")
        && head.get(2).is_some_and(|flags| flags & 0x60 == 0 && matches!(flags & 0x1f, 9..=16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_by_the_first_bytes() {
        for (head, expected) in [
            (&b"PK\x03\x04rest"[..], Some(Format::Zip)),
            (b"PK\x05\x06", Some(Format::Zip)),
            (b"PK is text", None),
            (b"\x1f\x8b\x08\0", Some(Format::Gzip)),
            (b"\x1f\x8b\x08\xff", None),
            (b"\x1f\x8b\x08", None),
            (b"\x1f\x9d\x90\0", Some(Format::Unread(Unread::Compress))),
            (b"\x1f\x9d\xff\0", None),
            (b"BZh91AY&SY", Some(Format::Bzip2)),
            (b"BZh9\x17rE8P\x90", Some(Format::Bzip2)),
            (b"BZhello", None),
            (b"\xfd7zXZ\0", Some(Format::Xz)),
            (b"\x28\xb5\x2f\xfd\0", Some(Format::Zstd)),
            (b"\x5e\x2a\x4d\x18\x02\0\0\0..\x28\xb5\x2f\xfd", Some(Format::Zstd)),
            (b"\x5e\x2a\x4d\x18\xff\xff\xff\xff..\x28\xb5\x2f\xfd", None),
            (b"%PDF-1.7\n", Some(Format::Pdf)),
            (b"% PDF-1.7", None),
            (b"Rar!\x1a\x07\x01\0", Some(Format::Unread(Unread::Rar))),
            (b"", None),
            (&[0; 1024], None),
        ] {
            assert_eq!(Format::of(head), expected, "{head:?}");
        }
    }
}
