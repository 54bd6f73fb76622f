//! The entries of a tree object: `mode SP name NUL id`, one after the other, nothing between them.

use gix_hash::ObjectId;
use gix_object::Kind as ObjectKind;

/// What an entry stands for. Git takes every mode that is neither a folder's nor a submodule's for that of
/// a file (`object_type` in its object.h); so does this, symbolic links are files with a path in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::git) enum Kind {
    Blob,
    Tree,
    /// A submodule: a commit of another repository.
    Gitlink,
}

/// An entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry<'a> {
    /// Its name, without the folders above.
    pub name: &'a [u8],
    /// The tree or blob; `None` for a submodule, whose commit is in another repository.
    pub object: Option<(ObjectKind, ObjectId)>,
}

/// An entry, as positions in the bytes of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) struct Entry {
    pub(in crate::git) kind: Kind,
    /// Where the name begins.
    pub(in crate::git) name: usize,
    /// Where the name ends, at a NUL; the id follows it.
    pub(in crate::git) name_end: usize,
}

/// Goes through the entries of a tree, as far as they can be read.
pub(in crate::git) struct Entries<'a> {
    bytes: &'a [u8],
    /// Bytes of an id.
    width: usize,
    at: usize,
    fault: bool,
}

impl<'a> Entries<'a> {
    /// Those from a position on, where an entry begins.
    pub(in crate::git) fn starting(bytes: &'a [u8], width: usize, at: usize) -> Entries<'a> {
        Entries { bytes, width, at, fault: false }
    }

    /// Where the next entry begins.
    pub(in crate::git) fn at(&self) -> usize {
        self.at
    }

    /// Whether what came last could not be read, and with it what may follow.
    pub(in crate::git) fn is_malformed(&self) -> bool {
        self.fault
    }

    fn read(&self) -> Option<Entry> {
        let (kind, name) = mode(self.bytes, self.at)?;
        let name_end = nul(self.bytes, name)?;
        (name_end + self.width < self.bytes.len()).then_some(Entry { kind, name, name_end })
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    #[inline]
    fn next(&mut self) -> Option<Entry> {
        if self.at >= self.bytes.len() || self.fault {
            return None;
        }
        let entry = self.read();
        match &entry {
            Some(entry) => self.at = entry.name_end + 1 + self.width,
            None => self.fault = true,
        }
        entry
    }
}

/// The mode at a position, and where the name after it begins.
#[inline]
fn mode(bytes: &[u8], at: usize) -> Option<(Kind, usize)> {
    match bytes.get(at..at + 7) {
        Some(b"100644 " | b"100755 ") => return Some((Kind::Blob, at + 7)),
        Some([b'4', b'0', b'0', b'0', b'0', b' ', _]) => return Some((Kind::Tree, at + 6)),
        _ => {}
    }
    any_mode(bytes, at)
}

#[cold]
fn any_mode(bytes: &[u8], at: usize) -> Option<(Kind, usize)> {
    let rest = bytes.get(at..)?;
    let space = memchr::memchr(b' ', rest).filter(|&length| length > 0)?;
    let mut mode = 0u32;
    for digit in &rest[..space] {
        let digit = digit.wrapping_sub(b'0');
        if digit > 7 {
            return None;
        }
        mode = mode << 3 | u32::from(digit);
    }
    let kind = match mode & 0o170_000 {
        0o040_000 => Kind::Tree,
        0o160_000 => Kind::Gitlink,
        _ => Kind::Blob,
    };
    Some((kind, at + space + 1))
}

/// The first NUL at or after a position. Most names are short, so the first bytes are looked at eight at a
/// time, as one number; a call to memchr costs more than that.
#[inline]
fn nul(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    for _ in 0..4 {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { break };
        let word = u64::from_le_bytes(*word);
        // The lowest top bit that this leaves is that of the first zero byte ("Bit Twiddling Hacks",
        // Determine if a word has a zero byte).
        let zeros = word.wrapping_sub(ONES) & !word & TOPS;
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr(0, bytes.get(at..)?).map(|length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, the modes and names of entries, and what is told of them.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

    /// The names of the entries, with a letter for the kind, and `!` where no more can be read.
    fn told(bytes: &[u8]) -> String {
        let mut entries = Entries::starting(bytes, 20, 0);
        let mut told = vec![];
        for entry in &mut entries {
            let kind = match entry.kind {
                Kind::Blob => "b",
                Kind::Tree => "t",
                Kind::Gitlink => "g",
            };
            told.push(format!("{kind}:{}", bytes[entry.name..entry.name_end].escape_ascii()));
        }
        told.extend(entries.is_malformed().then(|| "!".to_owned()));
        told.join(" ")
    }

    #[test]
    fn trees() {
        let long = "n".repeat(300);
        let cases: &[Case] = &[
            ("nothing", &[], ""),
            ("the usual", &[("100644", "a"), ("40000", "b"), ("100755", "c")], "b:a t:b b:c"),
            ("a link and a submodule", &[("120000", "a"), ("160000", "b")], "b:a g:b"),
            ("modes of old", &[("040000", "a"), ("100664", "b"), ("0100644", "c")], "t:a b:b b:c"),
            ("modes of nobody", &[("0", "a"), ("777", "b"), ("77777777777777740000", "c")], "b:a b:b b:c"),
            (
                "names of nobody",
                &[("100644", ""), ("40000", "x y\n/"), ("100644", "\u{1}")],
                r"b: t:x y\n/ b:\x01",
            ),
            ("no digits", &[("100644", "a"), ("1006x4", "b")], "b:a !"),
            ("no mode", &[("", "a")], "!"),
            ("a long name", &[("100644", &long), ("40000", "b")], &format!("b:{long} t:b")),
        ];
        for (name, entries, expected) in cases {
            let bytes: Vec<u8> = entries
                .iter()
                .flat_map(|(mode, name)| [mode.as_bytes(), b" ", name.as_bytes(), &[0; 21]].concat())
                .collect();
            assert_eq!(told(&bytes), *expected, "{name}");
        }
    }

    #[test]
    fn names_of_every_length_up_to_the_last_byte() {
        for length in 0..80 {
            let name = "n".repeat(length);
            let bytes = [b"100644 ", name.as_bytes(), &[0; 21]].concat();
            assert_eq!(told(&bytes), format!("b:{name}"));
            for cut in 1..bytes.len() {
                assert_eq!(told(&bytes[..bytes.len() - cut]), "!", "{length} without {cut}");
            }
        }
    }
}
