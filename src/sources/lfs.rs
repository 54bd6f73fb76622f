//! Files of Git LFS: a pointer stands in the repository, the content beside it, if it was fetched
//! (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::Suspect;

/// What stands in the place of a large file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pointer<'a> {
    /// SHA-256 of the content, in hex.
    oid: &'a str,
}

/// Larger files are no pointers.
const LONGEST: usize = 1024;

const VERSION: &str = "version https://git-lfs.github.com/spec/v1";

impl<'a> Pointer<'a> {
    /// The pointer that a blob is. Keys follow the version in the order of their names; a size without content
    /// is the empty file.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Pointer<'a>> {
        if bytes.len() > LONGEST || !bytes.starts_with(VERSION.as_bytes()) {
            return None;
        }
        let mut lines = std::str::from_utf8(bytes).ok()?.lines();
        let mut oid = None;
        let is_version = lines.next() == Some(VERSION);
        for line in lines {
            match line.split_once(' ')? {
                ("oid", value) => oid = Some(value.strip_prefix("sha256:")?),
                ("size", value) => drop(value.parse::<u64>().ok()?),
                (key, _) if key.starts_with("ext-") => {}
                _ => return None,
            }
        }
        let is_hash =
            |oid: &&str| oid.len() == 64 && oid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        oid.filter(is_hash).filter(|_| is_version).map(|oid| Pointer { oid })
    }

    /// The hash of the content, in hex.
    pub(super) fn oid(&self) -> &'a str {
        self.oid
    }

    /// The content, where `folder` has it.
    ///
    /// # Errors
    /// When it is there and cannot be opened, or is no file.
    pub(super) fn open(&self, folder: &Path) -> io::Result<Option<File>> {
        let path: PathBuf = [&self.oid[..2], &self.oid[2..4], self.oid].iter().collect();
        let path = folder.join(path);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(metadata) if metadata.is_file() => File::open(path).map(Some),
            Ok(_) => Err(io::Error::other("is no regular file")),
        }
    }
}

/// As `suspect`, and yes for every pointer: what it stands for is yet to be looked at.
pub(super) fn or_pointer(suspect: Suspect<'_>) -> impl Fn(&[u8]) -> bool + Sync {
    move |bytes| Pointer::parse(bytes).is_some() || suspect(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_what_only_looks_like_one() {
        let oid = "0f".repeat(32);
        let whole = format!("{VERSION}\noid sha256:{oid}\nsize 12345\n");
        assert_eq!(Pointer::parse(whole.as_bytes()), Some(Pointer { oid: &oid }));
        let extended = format!("{VERSION}\next-0-x sha256:{oid}\noid sha256:{oid}\nsize 1\n");
        assert!(Pointer::parse(extended.as_bytes()).is_some());
        for text in [
            String::new(),
            format!("{VERSION}\nsize 1\n"),
            format!("{VERSION}\noid sha256:{}\nsize 1\n", &oid[1..]),
            format!("{VERSION}\noid md5:{oid}\nsize 1\n"),
            format!("{VERSION}\noid sha256:{oid}\nsize one\n"),
            format!("{VERSION}\noid sha256:{oid}\nsize 1\nkey value\n"),
            format!("x{whole}"),
            format!("{VERSION}.1\noid sha256:{oid}\nsize 1\n"),
        ] {
            assert_eq!(Pointer::parse(text.as_bytes()), None, "{text}");
        }
    }
}
