//! What of commits and tags the history is made of. Read by hand, because a library stops at the first
//! author without an address, and such commits are as much part of a history as others.

use gix_hash::{Kind, ObjectId};

/// The head of a commit.
pub(in crate::git) struct Commit {
    pub(in crate::git) tree: ObjectId,
    pub(in crate::git) parents: Vec<ObjectId>,
    /// When the committer says it was made, in seconds since 1970; 0 where nothing legible stands.
    pub(in crate::git) time: i64,
}

/// Reads a commit; `None` unless its tree and all its parents can be read.
pub(in crate::git) fn commit(bytes: &[u8], kind: Kind) -> Option<Commit> {
    let mut rest = bytes;
    let tree = id(field(&mut rest, b"tree ")?, kind)?;
    let mut parents = vec![];
    while let Some(parent) = field(&mut rest, b"parent ") {
        parents.push(id(parent, kind)?);
    }
    field(&mut rest, b"author ");
    let time = field(&mut rest, b"committer ").and_then(seconds).unwrap_or_default();
    Some(Commit { tree, parents, time })
}

/// What a tag tags.
pub(in crate::git) fn tag(bytes: &[u8], kind: Kind) -> Option<ObjectId> {
    let mut rest = bytes;
    id(field(&mut rest, b"object ")?, kind)
}

/// The rest of the first line, if it begins like this; what is left begins after it.
fn field<'a>(rest: &mut &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let line = rest.strip_prefix(name)?;
    let end = memchr::memchr(b'\n', line)?;
    *rest = &line[end + 1..];
    Some(&line[..end])
}

fn id(hex: &[u8], kind: Kind) -> Option<ObjectId> {
    ObjectId::from_hex(hex).ok().filter(|id| id.kind() == kind)
}

/// The time in `name <address> seconds zone`.
fn seconds(line: &[u8]) -> Option<i64> {
    let after = &line[memchr::memrchr(b'>', line)? + 1..];
    let number = after.trim_ascii_start().split(|&byte| byte == b' ').next()?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn commits() {
        let signed = "author x <x@y> 1 +0000\ncommitter a <b> c> 1700000000 +0100\n";
        let cases = [
            (
                "whole",
                format!("tree {A}\nparent {B}\nparent {A}\n{signed}\nparent {B}\n"),
                Some((2, 1_700_000_000)),
            ),
            ("root", format!("tree {A}\n{signed}\nwords"), Some((0, 1_700_000_000))),
            ("no author", format!("tree {A}\nparent {B}\n\nwords"), Some((1, 0))),
            ("author without address", format!("tree {A}\nauthor x\ncommitter y <> 7 +0000\n"), Some((0, 7))),
            ("before 1970", format!("tree {A}\nauthor x\ncommitter y <> -7 +0000\n"), Some((0, -7))),
            ("time too large", format!("tree {A}\nauthor x\ncommitter y <> {A} +0000\n"), Some((0, 0))),
            ("no tree", format!("parent {A}\n{signed}"), None),
            ("short parent", format!("tree {A}\nparent bbbb\n{signed}"), None),
            (
                "parent of another hash",
                format!("tree {A}\nparent {A}aaaaaaaaaaaaaaaaaaaaaaaa\n{signed}"),
                None,
            ),
            ("cut off", format!("tree {A}"), None),
            ("nothing", String::new(), None),
        ];
        for (name, text, expected) in cases {
            let read = commit(text.as_bytes(), Kind::Sha1);
            let got = read.map(|commit| (commit.parents.len(), commit.time));
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn tags() {
        let read = |text: String| tag(text.as_bytes(), Kind::Sha1).map(|id| id.to_string());
        assert_eq!(read(format!("object {A}\ntype blob\ntag x\n\nwords")), Some(A.to_owned()));
        assert_eq!(read(format!("type blob\nobject {A}\n")), None);
    }
}
